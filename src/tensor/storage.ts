import type { DeviceBuffer } from '../gpu/buffer.ts';
import type { Device } from '../gpu/device.ts';
import type { BufferSlice } from '../gpu/launch.ts';

/** Device memory that several tensors may share: returned to the pool when the last of them is disposed. */
export class Storage {
  readonly buffer: DeviceBuffer;
  /** How often its numbers were replaced, by an upload or by an optimiser's step: what was computed from them is of before. */
  version = 0;
  private holders = 0;

  /** @param shape of the one tensor that it is for, if it is for one; see `BufferPool.take` */
  constructor(
    readonly device: Device,
    readonly bytes: number,
    shape?: readonly number[],
  ) {
    this.buffer = device.pool.take(bytes, shape);
  }

  hold(): this {
    this.holders += 1;
    return this;
  }

  release(): void {
    this.holders -= 1;
    if (this.holders === 0) this.device.pool.release(this.buffer);
  }

  /** A range for a binding; its size is rounded up to whole vec4s, which every buffer has room for. */
  slice(offset: number, bytes: number): BufferSlice {
    return { buffer: this.buffer, offset, size: Math.max(16, Math.ceil(bytes / 16) * 16) };
  }
}
