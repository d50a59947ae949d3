import type { Host } from './host.ts';
import type { BufferSlice } from './launch.ts';
import type { Recorder } from './recorder.ts';

/** Staging buffers that carry results to the host, reused one after another. */
export class Readback {
  private readonly idle: GPUBuffer[] = [];

  constructor(
    private readonly device: GPUDevice,
    private readonly host: Host,
    private readonly recorder: Recorder,
  ) {}

  /** The bytes of `slice` as they are after everything recorded so far. The copy is queued at once; only the promise waits. */
  read(slice: BufferSlice): Promise<ArrayBuffer> {
    const bytes = Math.ceil(slice.size / 4) * 4;
    const staging = this.take(bytes);
    this.recorder.copy(slice.buffer, slice.offset, staging, 0, bytes);
    this.recorder.flush();
    return this.collect(staging, slice.size);
  }

  private async collect(staging: GPUBuffer, size: number): Promise<ArrayBuffer> {
    await this.host.wait(staging.mapAsync(GPUMapMode.READ));
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
    return this.device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      label: `readback ${size} B`,
    });
  }
}
