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
  requireUsable(): void;
  requireUntraced(what: string, instead: string): void;
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
  /** Memory of tensors that the step does not make, with the count of its releases at the capture. */
  private readonly outside: ReadonlyMap<DeviceBuffer, number>;
  private disposed = false;

  /**
   * @param launches of the trace, as they are to be done
   * @throws CyclopsError when the step uploads host data, which no replay would repeat, or disposes of what each replay needs
   * @internal
   */
  constructor(
    private readonly machinery: Machinery,
    private readonly trace: Trace,
    launches: readonly Launch[] = trace.launches,
  ) {
    if (trace.uploads > 0) {
      throw new CyclopsError(
        `A captured step runs on the device alone, but this one uploads host data (Tensor.from, upload) ${trace.uploads} ` +
          'times. Make such tensors before the capture, or compute them on the device.',
      );
    }
    const bound = launches.flatMap(({ bindings }) => bindings.map(({ buffer }) => buffer));
    if (bound.some((buffer) => trace.freed.has(buffer))) {
      throw new CyclopsError(
        'A captured step disposed of a tensor that it uses and did not make, which its replays could not use. Dispose of it after the last.',
      );
    }
    const { pool, recorder } = machinery;
    const { temporaries, lifetimes } = lifetimesOf(launches, trace.temporaries);
    const plan = planMemory(lifetimes);
    this.places = takeAll(pool, plan.sizes);
    const placed = new Map(temporaries.map((buffer, i) => [buffer, this.place(plan, i)]));
    this.prepared = launches.map((launch) => recorder.prepare(moved(launch, placed)));
    this.outside = new Map(bound.filter((buffer) => !placed.has(buffer)).map((buffer) => [buffer, buffer.releases]));
    this.memory = { bytes: bytesOf(plan), lowerBound: plan.lowerBound, buffers: plan.sizes.length };
  }

  /** Launches of a replay. */
  get launches(): readonly Launch[] {
    return this.prepared.map(({ launch }) => launch);
  }

  /**
   * Runs the step: first what the host decides, then every launch, with the values that the host has set by then.
   *
   * @throws CyclopsError after `dispose()`, when a tensor that the step uses was disposed of or the host decides the same thing twice, inside
   * another captured step, and on a closed or lost device
   */
  replay(): void {
    const { recorder, variables } = this.machinery;
    this.machinery.requireUsable();
    this.machinery.requireUntraced('A capture was replayed', 'Replay it before or after');
    if (this.disposed)
      throw new CyclopsError('A capture that was disposed of cannot be replayed. Capture the step again.');
    for (const [buffer, releases] of this.outside) {
      if (buffer.releases === releases) continue;
      throw new CyclopsError(
        'A captured step was replayed after a tensor that it uses was disposed of. Keep its tensors as long as the capture.',
      );
    }
    variables.beforeReplay(this.trace.hostWork);
    for (const prepared of this.prepared) recorder.encode(prepared);
  }

  /** Frees the memory of the temporaries. Twice is harmless. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const place of this.places) this.machinery.pool.release(place);
  }

  private place(plan: MemoryPlan, index: number): DeviceBuffer {
    const place = this.places[plan.places[index] ?? -1];
    if (!place) throw new Error('The memory plan has no place for a buffer.');
    return place;
  }
}

/** Bytes of the temporaries of a step whose launches are done in this order. @internal */
export function temporaryBytes({ temporaries }: Trace, launches: readonly Launch[]): number {
  return bytesOf(planMemory(lifetimesOf(launches, temporaries).lifetimes));
}

function bytesOf({ sizes }: MemoryPlan): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Takes buffers of these sizes, or none: where there is no memory for one, the others go back. */
function takeAll(pool: BufferPool, sizes: readonly number[]): DeviceBuffer[] {
  const taken: DeviceBuffer[] = [];
  try {
    for (const size of sizes) taken.push(pool.take(size));
  } catch (error) {
    for (const buffer of taken) pool.release(buffer);
    throw error;
  }
  return taken;
}

/** The buffers that live within the step, each with its first and last use; those that no launch uses are left out. */
function lifetimesOf(
  launches: readonly Launch[],
  within: readonly DeviceBuffer[],
): { temporaries: DeviceBuffer[]; lifetimes: Lifetime[] } {
  const inside = new Set(within);
  const found = new Map<DeviceBuffer, { size: number; first: number; last: number }>();
  launches.forEach(({ bindings }, i) => {
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
