import { DeviceBuffer } from './buffer.ts';
import type { Launch } from './launch.ts';

/** What a step would do, written down instead of done. */
export class Trace {
  readonly launches: Launch[] = [];
  /** What the host decides anew in each step, in order. */
  readonly hostWork: (() => void)[] = [];
  /** Uploads that the step asked for and that did not happen. */
  uploads = 0;
  /** Memory that the step gave back and that is not one of its own. */
  readonly freed = new Set<DeviceBuffer>();
  private readonly made = new Set<DeviceBuffer>();
  private readonly alive = new Set<DeviceBuffer>();

  /** A buffer that has no memory. */
  take(size: number): DeviceBuffer {
    const buffer = new DeviceBuffer(size);
    this.made.add(buffer);
    this.alive.add(buffer);
    return buffer;
  }

  /** Notes that nothing after this uses the buffer; false when it is not one of this trace's. */
  release(buffer: DeviceBuffer): boolean {
    this.alive.delete(buffer);
    if (this.made.has(buffer)) return true;
    this.freed.add(buffer);
    return false;
  }

  /** Buffers that were made and given back within the step. */
  get temporaries(): DeviceBuffer[] {
    return [...this.made].filter((buffer) => !this.alive.has(buffer));
  }

  /** Buffers that outlive the step. */
  get survivors(): DeviceBuffer[] {
    return [...this.alive];
  }
}
