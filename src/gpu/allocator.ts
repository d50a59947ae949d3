import { OutOfMemoryError } from './errors.ts';
import type { Faults } from './faults.ts';

/** Whose memory an allocator hands out. */
interface Heap {
  readonly info: { readonly name: string };
  /** Gives memory that is only kept for reuse back to the driver. */
  trim(): void;
  /** What is held, and by which part of a network more is wanted, as the end of a sentence. */
  circumstances(): string;
}

/** Makes buffers, and says so when the device has no memory for one. */
export class Allocator {
  constructor(
    private readonly device: GPUDevice,
    private readonly faults: Faults,
    private readonly heap: Heap,
  ) {}

  /**
   * Makes a buffer. Where the device has no memory for it, what is only kept for reuse is given back, and the device asked once more.
   *
   * @param what says what the buffer is and how large, for the message, e.g. `a tensor [1, 64, 64, 3] of 49152 bytes`
   * @throws OutOfMemoryError when there is still no memory. Where the host reports errors late, as browsers do, the next read or
   * fence throws it instead.
   */
  create(descriptor: GPUBufferDescriptor, what: () => string): GPUBuffer {
    const attempt = () => this.faults.watchMemory(() => this.device.createBuffer(descriptor));
    const first = attempt();
    if (first.outOfMemory === undefined) return first.result;
    this.heap.trim();
    const second = attempt();
    if (second.outOfMemory === undefined) return second.result;
    throw outOfMemory(this.heap, `has no memory for ${what()}`);
  }
}

/** @param what what happened, as the middle of a sentence about the device */
export function outOfMemory(heap: Heap, what: string): OutOfMemoryError {
  return new OutOfMemoryError(
    `The device ${heap.info.name} ${what}: ${heap.circumstances()}. Use a smaller batch, image size or network.`,
  );
}
