import type { Device } from '../../gpu/device.ts';

/** Lets the host be one step ahead of the device, and not more: memory and the answer to Ctrl-C stay bounded. */
export class Pace {
  /** Settles when the device has done the last recorded step. */
  private inFlight: Promise<void> = Promise.resolve();

  constructor(private readonly device: Device) {}

  /** To be awaited after each recorded step: waits for the one before it. */
  async keep(): Promise<void> {
    const before = this.inFlight;
    this.inFlight = this.device.fence();
    // Thrown when it is awaited, one step later.
    this.inFlight.catch(() => {});
    await before;
  }

  /** Waits for the last recorded step. */
  async end(): Promise<void> {
    await this.inFlight;
  }
}
