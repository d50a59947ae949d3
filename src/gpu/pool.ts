import type { Allocator } from './allocator.ts';
import { DeviceBuffer, HOLLOW_BYTES } from './buffer.ts';
import { bytesText } from './bytes.ts';
import { CyclopsError } from './errors.ts';
import type { Trace } from './trace.ts';

/** What the pool holds now: bytes and buffers in use, and bytes kept for reuse. */
export interface PoolUse {
  liveBytes: number;
  liveBuffers: number;
  peakBytes: number;
  pooledBytes: number;
  created: number;
}

const USAGE = 0x80 /* STORAGE */ | 0x8 /* COPY_DST */ | 0x4; /* COPY_SRC */

/**
 * Storage buffers by size class. A released buffer may be handed out again at once: every use goes through one queue in
 * recording order, so a later launch cannot overtake an earlier reader.
 */
export class BufferPool {
  readonly use: PoolUse = { liveBytes: 0, liveBuffers: 0, peakBytes: 0, pooledBytes: 0, created: 0 };
  /** While a step is traced, it hands out buffers without memory instead. */
  trace: Trace | null = null;
  private readonly free = new Map<number, DeviceBuffer[]>();

  /**
   * @param executes false on the null backend.
   * @internal
   */
  constructor(
    private readonly limits: Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>,
    private readonly allocator: Pick<Allocator, 'create'>,
    private readonly executes: boolean,
  ) {}

  /**
   * A buffer of at least `bytes` bytes; its contents are whatever was there.
   *
   * @param shape of the tensor that it is for, if it is for one, to name it where there is no memory for it
   * @throws CyclopsError when the device cannot bind so large a buffer, and an OutOfMemoryError when it has no memory for it
   */
  take(bytes: number, shape?: readonly number[]): DeviceBuffer {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.limits;
    const largest = wholeVec4s(maxBufferSize);
    const limit = Math.min(wholeVec4s(maxStorageBufferBindingSize), largest);
    if (bytes > limit) {
      throw new CyclopsError(
        `A tensor of ${bytesText(bytes)} was asked for, but this device binds at most ${bytesText(limit)} in one buffer ` +
          '(maxStorageBufferBindingSize). Use a smaller batch, image size or network.',
      );
    }
    // The largest class may lie beyond the largest buffer.
    const size = Math.min(sizeClass(bytes), largest);
    if (this.trace) return this.trace.take(size);
    const pooled = this.free.get(size)?.pop();
    if (pooled) this.use.pooledBytes -= size;
    const buffer = pooled ?? new DeviceBuffer(size, this.create(size, shape));
    this.countLive(size);
    return buffer;
  }

  /** Gives a buffer back. The caller must not use it again. */
  release(buffer: DeviceBuffer): void {
    if (this.trace?.release(buffer)) return;
    // A buffer that outlived its trace has none where the device had no memory for it.
    if (!buffer.placed) return;
    buffer.releases += 1;
    this.use.liveBytes -= buffer.size;
    this.use.liveBuffers -= 1;
    this.use.pooledBytes += buffer.size;
    const shelf = this.free.get(buffer.size);
    if (shelf) shelf.push(buffer);
    else this.free.set(buffer.size, [buffer]);
  }

  /** Gives a buffer that outlived its trace memory of its own, all zeros. */
  place(buffer: DeviceBuffer): void {
    buffer.place(this.create(buffer.size));
    this.countLive(buffer.size);
  }

  /** Gives the memory of buffers that are kept for reuse back to the driver. No launch that uses one may be waiting for a submit. */
  trim(): void {
    for (const buffer of [...this.free.values()].flat()) buffer.gpu.destroy();
    this.free.clear();
    this.use.pooledBytes = 0;
  }

  /** Forgets the peak: from now on it is the most in use since then. */
  resetPeak(): void {
    this.use.peakBytes = this.use.liveBytes;
  }

  private countLive(bytes: number): void {
    const { use } = this;
    use.liveBytes += bytes;
    use.liveBuffers += 1;
    use.peakBytes = Math.max(use.peakBytes, use.liveBytes);
  }

  private create(size: number, shape?: readonly number[]): GPUBuffer {
    this.use.created += 1;
    // The null backend never touches it, and gives out 512 MiB at most.
    const memory = this.executes ? size : Math.min(size, HOLLOW_BYTES);
    const descriptor = { size: memory, usage: USAGE, label: `pool ${size} B #${this.use.created}` };
    return this.allocator.create(descriptor, () =>
      shape ? `a tensor [${shape.join(', ')}] of ${bytesText(size)}` : `a buffer of ${bytesText(size)}`,
    );
  }
}

/** Bytes of whole vec4s up to a limit: bindings are rounded up to such. */
function wholeVec4s(bytes: number): number {
  return 16 * Math.floor(bytes / 16);
}

/** Rounds up to a multiple of 256 bytes, then to four classes an octave: at most a quarter is wasted. */
function sizeClass(bytes: number): number {
  const aligned = Math.max(256, Math.ceil(bytes / 256) * 256);
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(aligned)) - 2));
  return Math.ceil(aligned / step) * step;
}
