import type { Allocator } from './allocator.ts';
import { bytesText } from './bytes.ts';
import type { Wait } from './host/host.ts';
import type { BufferSlice } from './launch.ts';
import type { Recorder } from './recorder.ts';

/** Staging buffers that carry results to the host, reused one after another. */
export class Readback {
  private readonly idle: GPUBuffer[] = [];

  constructor(
    private readonly allocator: Allocator,
    private readonly wait: Wait,
    private readonly recorder: Recorder,
  ) {}

  /** The bytes of `slice` as they are after everything recorded so far. The copy is queued at once; only the promise waits. */
  read(slice: BufferSlice): Promise<ArrayBuffer> {
    const bytes = Math.ceil(slice.size / 4) * 4;
    const staging = this.take(bytes);
    this.recorder.copy(slice, staging, bytes);
    this.recorder.flush();
    return this.collect(staging, slice.size);
  }

  /** Gives the memory of staging buffers that wait for their next use back to the driver. */
  trim(): void {
    for (const staging of this.idle.splice(0)) staging.destroy();
  }

  private async collect(staging: GPUBuffer, size: number): Promise<ArrayBuffer> {
    await this.wait(staging.mapAsync(GPUMapMode.READ));
    const copy = staging.getMappedRange().slice(0, size);
    staging.unmap();
    this.idle.push(staging);
    return copy;
  }

  /** The smallest idle buffer that is large enough, else a new one of the next power of two. */
  private take(bytes: number): GPUBuffer {
    const fits = this.idle.filter((buffer) => buffer.size >= bytes).sort((a, b) => a.size - b.size)[0];
    if (fits) {
      this.idle.splice(this.idle.indexOf(fits), 1);
      return fits;
    }
    const size = 2 ** Math.ceil(Math.log2(Math.max(256, bytes)));
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return this.allocator.create(
      { size, usage, label: `readback ${size} B` },
      () => `the copy of ${bytesText(size)} that brings results to the host`,
    );
  }
}
