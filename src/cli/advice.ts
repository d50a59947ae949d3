import {
  type Capability,
  CyclopsError,
  DeviceLostError,
  DeviceUnavailableError,
  NoAdapterError,
  OutOfMemoryError,
  UnsupportedError,
} from '../gpu/errors.ts';

const INSTEAD: Readonly<Record<Capability, string>> = {
  'shader-f16': 'Use --precision f32, or choose another device with --device (see `cyclops doctor`).',
  'chromium-experimental-subgroup-matrix':
    'Use --precision f32, or choose another device with --device (see `cyclops doctor`).',
  'timestamp-query': 'Choose another device with --device (see `cyclops doctor`).',
  execution: 'Choose a real device with --device (see `cyclops doctor`).',
};

/** What a person at the command line can do about what the engine says of the machine; null for errors that say it themselves. */
export function adviceOn(error: CyclopsError): string | null {
  if (error instanceof NoAdapterError) {
    return error.answered.length > 0
      ? 'Choose one with --device, or leave the option out.'
      : 'Then run `cyclops doctor`.';
  }
  if (error instanceof UnsupportedError) return INSTEAD[error.lacks];
  if (error instanceof OutOfMemoryError) {
    return 'To train, lower --batch-size, --crop-size, --ngf or --ndf, or use --precision mixed; to score or translate, lower --tile.';
  }
  if (error instanceof DeviceUnavailableError) {
    return 'Close other programs that use it, then run the same command again.';
  }
  // Commands whose work goes on in another way use `whereLost`.
  if (error instanceof DeviceLostError) return 'Run the same command again.';
  return null;
}

/** Does work, and says what to do where it ends with a lost device, if that is not the same command again. */
export async function whereLost<T>(advice: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DeviceLostError ? new CyclopsError(`${error.message} ${advice}`) : error;
  }
}
