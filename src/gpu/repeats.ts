import type { DeviceBuffer } from './buffer.ts';
import type { BufferSlice, Launch } from './launch.ts';

/**
 * A step's launches without those that would compute once more what still stands in a buffer, such as the transform of a weight that two
 * images meet: who reads their results reads those of the first instead. Bits stay the same.
 *
 * @param launches in the order in which they are done
 * @param within the buffers that live within the step alone, which nobody else looks at
 */
export function withoutRepeats(launches: readonly Launch[], within: readonly DeviceBuffer[]): Launch[] {
  const inside = new Set(within);
  const writes = new Map<DeviceBuffer, number>();
  for (const { buffer } of launches.flatMap(written)) writes.set(buffer, (writes.get(buffer) ?? 0) + 1);
  /** Whether a buffer holds what this launch wrote to the end of the step. */
  const isLasting = ({ buffer }: BufferSlice) => inside.has(buffer) && writes.get(buffer) === 1;

  const numbers = new Numbers();
  const versions = new Map<DeviceBuffer, number>();
  const firsts = new Map<string, readonly BufferSlice[]>();
  const standIns = new Map<DeviceBuffer, DeviceBuffer>();
  const kept: Launch[] = [];
  for (const launch of launches) {
    const bindings = launch.bindings.map((slice) => ({ ...slice, buffer: standIns.get(slice.buffer) ?? slice.buffer }));
    const own = { ...launch, bindings };
    const results = written(own);
    if (launch.repeatable && results.every(isLasting)) {
      const key = keyOf(own, numbers, versions);
      const first = firsts.get(key);
      if (first) {
        for (const [i, { buffer }] of first.entries()) {
          const result = results[i];
          if (result) standIns.set(result.buffer, buffer);
        }
        continue;
      }
      firsts.set(key, results);
    }
    for (const { buffer } of results) versions.set(buffer, (versions.get(buffer) ?? 0) + 1);
    kept.push(own);
  }
  return kept;
}

function written({ kernel, bindings }: Launch): BufferSlice[] {
  return bindings.filter((_, i) => kernel.access[i] === 'w');
}

/** Alike for launches that compute the same. */
function keyOf(
  { kernel, bindings, immediates, workgroups }: Launch,
  numbers: Numbers,
  versions: ReadonlyMap<DeviceBuffer, number>,
): string {
  const slices = bindings.map(({ buffer, offset, size }, i) => {
    // A buffer can stand in for one of its size alone, since readers may bind more of it than was written.
    const known = kernel.access[i] === 'w' ? [buffer.size] : [numbers.of(buffer), versions.get(buffer) ?? 0];
    return [offset, size, ...known].join(' ');
  });
  // Kernels get the whole buffer of the immediates.
  const words = new Uint8Array(immediates.buffer).join(' ');
  return [numbers.of(kernel), words, workgroups.join(' '), ...slices].join('; ');
}

/** Numbers objects in the order in which they are met. */
class Numbers {
  private readonly known = new Map<object, number>();

  of(object: object): number {
    const number = this.known.get(object) ?? this.known.size;
    this.known.set(object, number);
    return number;
  }
}
