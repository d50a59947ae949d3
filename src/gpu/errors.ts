/**
 * An error meant for the person who uses the engine: one paragraph that says what was expected, what came and what to do.
 * The command line prints its message alone; any other error is a fault of ours and keeps its stack.
 *
 * The subclasses below state facts about the machine. What to do about those depends on the program around the engine: it tells
 * them apart by their type and adds advice in its own words.
 */
export class CyclopsError extends Error {
  override name = 'CyclopsError';
}

/** No adapter answered, or none of those that did is the one that was asked for. */
export class NoAdapterError extends CyclopsError {
  override name = 'NoAdapterError';

  /** @param answered the names of the adapters that answered */
  constructor(
    message: string,
    readonly answered: readonly string[],
  ) {
    super(message);
  }
}

/** What a device may lack: a feature of WebGPU by its name, or that it executes anything at all, as Dawn's null backend. */
export type Capability = 'shader-f16' | 'timestamp-query' | 'chromium-experimental-subgroup-matrix' | 'execution';

/** The device lacks what was asked of it. */
export class UnsupportedError extends CyclopsError {
  override name = 'UnsupportedError';

  constructor(
    message: string,
    readonly lacks: Capability,
  ) {
    super(message);
  }
}

/** The device has no memory left for what was asked of it. */
export class OutOfMemoryError extends CyclopsError {
  override name = 'OutOfMemoryError';
}

/** The device did not open: for now, as while others use all of its memory. */
export class DeviceUnavailableError extends CyclopsError {
  override name = 'DeviceUnavailableError';
}

/** The device is gone, and with it everything that it held. */
export class DeviceLostError extends CyclopsError {
  override name = 'DeviceLostError';
}
