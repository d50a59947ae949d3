/** A buffer of a step: its size in bytes, and the launches, by number, that first and last use it. */
export interface Lifetime {
  readonly size: number;
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** For each buffer of the step the number of the place it gets. */
  readonly places: readonly number[];
  /** The size of each place in bytes. */
  readonly sizes: readonly number[];
  /** The most bytes that are in use by one launch and those around it: no plan needs less. */
  readonly lowerBound: number;
}

/**
 * Finds places for buffers so that those whose lifetimes overlap never share one. A place is a whole buffer, not a range of a
 * big one, since WebGPU's barriers are per buffer. The largest buffers choose first, each the earliest place that is free
 * for it, which wastes little: a place is as large as its first tenant, and later ones are no larger.
 */
export function planMemory(buffers: readonly Lifetime[]): MemoryPlan {
  const order = [...buffers.keys()].sort((a, b) => (buffers[b]?.size ?? 0) - (buffers[a]?.size ?? 0) || a - b);
  const places = new Array<number>(buffers.length).fill(0);
  const tenants: Lifetime[][] = [];
  for (const index of order) {
    const buffer = buffers[index];
    if (!buffer) continue;
    const free = tenants.findIndex((others) => others.every((other) => apart(other, buffer)));
    const place = free < 0 ? tenants.push([]) - 1 : free;
    tenants[place]?.push(buffer);
    places[index] = place;
  }
  return { places, sizes: tenants.map(([first]) => first?.size ?? 0), lowerBound: mostAtOnce(buffers) };
}

function apart(a: Lifetime, b: Lifetime): boolean {
  return a.last < b.first || b.last < a.first;
}

/** The largest sum of sizes that lifetimes overlap to. */
function mostAtOnce(buffers: readonly Lifetime[]): number {
  const changes = buffers.flatMap(({ size, first, last }) => [
    { at: first, bytes: size },
    { at: last + 1, bytes: -size },
  ]);
  changes.sort((a, b) => a.at - b.at || a.bytes - b.bytes);
  let live = 0;
  let most = 0;
  for (const { bytes } of changes) {
    live += bytes;
    most = Math.max(most, live);
  }
  return most;
}
