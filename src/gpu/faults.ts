import { firstLine } from './host/first-line.ts';

/**
 * What a device reported of its own and nobody was told of yet. Dawn reports an error while the call that made it still runs, a browser
 * some time later.
 */
export class Faults {
  /** Why the device was lost, or null. */
  lost: string | null = null;
  private readonly outOfMemory: string[] = [];
  private readonly others: string[] = [];

  constructor(gpu: GPUDevice) {
    gpu.addEventListener('uncapturederror', (event) => {
      const { error } = event;
      if (error instanceof GPUOutOfMemoryError) {
        this.outOfMemory.push(firstLine(error.message));
        // It may end well, and else becomes an error of its own: the host need not print it.
        event.preventDefault();
      } else {
        this.others.push(error.message);
      }
    });
    gpu.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.lost = firstLine(message) || 'no reason given';
    });
  }

  /** Runs `work`. @returns its result, and what the device said if its memory did not suffice for it; that then counts as told. */
  watchMemory<T>(work: () => T): { result: T; outOfMemory: string | undefined } {
    const before = this.outOfMemory.length;
    const result = work();
    return { result, outOfMemory: this.outOfMemory.splice(before)[0] };
  }

  /** What the device said whenever its memory did not suffice; that then counts as told. */
  takeOutOfMemory(): string[] {
    return this.outOfMemory.splice(0);
  }

  /** Everything else that it reported; that then counts as told. */
  takeOthers(): string[] {
    return this.others.splice(0);
  }
}
