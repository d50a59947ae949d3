/** Memory of a binding on Dawn's null backend, in bytes, and of how many there is. */
const [HOLLOW_PART, HOLLOW_PARTS] = [256, 16];
/** Memory of a buffer there, at most. */
export const HOLLOW_BYTES = HOLLOW_PART * HOLLOW_PARTS;

let made = 0;

/**
 * A storage buffer as tensors and launches know it. One made while a step is traced has no memory yet: the plan of a capture
 * finds it a place among others, or it gets memory of its own if it outlives the trace.
 */
export class DeviceBuffer {
  /** Tells buffers apart for as long as the process lives. */
  readonly id = made++;
  /** How often it was given back to the pool: whoever remembers the number can tell whether it is still the same user's. */
  releases = 0;

  /**
   * @param size in bytes.
   * @internal
   */
  constructor(
    readonly size: number,
    private memory: GPUBuffer | null = null,
  ) {}

  /** @internal */
  get gpu(): GPUBuffer {
    if (this.memory) return this.memory;
    throw new Error(`A buffer of ${this.size} bytes was used that only exists inside a traced step.`);
  }

  /** Whether it has memory: one of a traced step may have none. */
  get placed(): boolean {
    return this.memory !== null;
  }

  /**
   * Part of the buffer, to be bound.
   *
   * @param binding its number
   * @internal
   */
  range(offset: number, size: number, binding: number): GPUBufferBinding {
    const { gpu } = this;
    if (gpu.size >= this.size) return { buffer: gpu, offset, size };
    // On the null backend the memory stands for the buffer and is smaller (see BufferPool). Several parts of it in one launch stay apart.
    return { buffer: gpu, offset: HOLLOW_PART * (binding % HOLLOW_PARTS), size: HOLLOW_PART };
  }

  /**
   * Gives the buffer its memory, once.
   *
   * @internal
   */
  place(memory: GPUBuffer): void {
    this.memory = memory;
  }
}
