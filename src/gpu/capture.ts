import type { DeviceBuffer } from './buffer.ts';
import { CyclopsError } from './errors.ts';
import type { Launch } from './launch.ts';
import { type Lifetime, type MemoryPlan, planMemory } from './plan.ts';
import type { BufferPool } from './pool.ts';
import type { Prepared, Recorder } from './recorder.ts';
import type { Trace } from './trace.ts';
import type { Variables } from './variables.ts';

/** What a capture needs of its device. */
interface Machinery {
  readonly pool: BufferPool;
  readonly recorder: Recorder;
  readonly variables: Variables;
}

/**
 * A step of static shapes, kept as launch records on fixed buffers, to be run again and again. Its temporaries share memory
 * by a plan, so that a buffer is reused as soon as its last reader is done.
 *
 * It stays valid as long as every tensor lives that the step used and did not make; dispose of it when it is done with.
 */
export class Capture {
  /** Bytes of the places that temporaries share, and the least that any plan would need. */
  readonly memory: { readonly bytes: number; readonly lowerBound: number; readonly buffers: number };
  private readonly prepared: readonly Prepared[];
  private readonly places: readonly DeviceBuffer[];

  /**
   * @throws CyclopsError when the step uploads host data, which no replay would repeat
   * @internal
   */
  constructor(
    private readonly machinery: Machinery,
    private readonly trace: Trace,
  ) {
    if (trace.uploads > 0) {
      throw new CyclopsError(
        `A captured step runs on the device alone, but this one uploads host data (Tensor.from, upload) ${trace.uploads} ` +
          'times. Make such tensors before the capture, or compute them on the device.',
      );
    }
    const { pool, recorder } = machinery;
    const { temporaries, lifetimes } = lifetimesOf(trace);
    const plan: MemoryPlan = planMemory(lifetimes);
    this.places = plan.sizes.map((size) => pool.take(size));
    const placed = new Map(temporaries.map((buffer, i) => [buffer, this.place(plan, i)]));
    this.prepared = trace.launches.map((launch) => recorder.prepare(moved(launch, placed)));
    const bytes = plan.sizes.reduce((sum, size) => sum + size, 0);
    this.memory = { bytes, lowerBound: plan.lowerBound, buffers: plan.sizes.length };
  }

  /** Launches of a replay. */
  get launches(): readonly Launch[] {
    return this.prepared.map(({ launch }) => launch);
  }

  /** Runs the step: first what the host decides, then every launch, with the values that the host has set by then. */
  replay(): void {
    const { recorder, variables } = this.machinery;
    for (const work of this.trace.hostWork) work();
    variables.upload();
    for (const prepared of this.prepared) recorder.encode(prepared);
  }

  /** Frees the memory of the temporaries. */
  dispose(): void {
    for (const place of this.places) this.machinery.pool.release(place);
  }

  private place(plan: MemoryPlan, index: number): DeviceBuffer {
    const place = this.places[plan.places[index] ?? -1];
    if (!place) throw new Error('The memory plan has no place for a buffer.');
    return place;
  }
}

/** The buffers that live within the step, each with its first and last use; those that no launch uses are left out. */
function lifetimesOf(trace: Trace): { temporaries: DeviceBuffer[]; lifetimes: Lifetime[] } {
  const inside = new Set(trace.temporaries);
  const found = new Map<DeviceBuffer, { size: number; first: number; last: number }>();
  trace.launches.forEach(({ bindings }, i) => {
    for (const { buffer } of bindings) {
      if (!inside.has(buffer)) continue;
      const known = found.get(buffer);
      if (known) known.last = i;
      else found.set(buffer, { size: buffer.size, first: i, last: i });
    }
  });
  return { temporaries: [...found.keys()], lifetimes: [...found.values()] };
}

function moved(launch: Launch, placed: ReadonlyMap<DeviceBuffer, DeviceBuffer>): Launch {
  const bindings = launch.bindings.map((slice) => ({ ...slice, buffer: placed.get(slice.buffer) ?? slice.buffer }));
  return { ...launch, bindings };
}
