import type { JudgedSizes } from '../../cyclegan/config.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import { copy } from '../../kernels/elementwise.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { AnomalyMap } from '../maps/map.ts';
import { passesOf } from '../maps/passes.ts';
import { POOLINGS } from './poolings.ts';
import { type PooledMap, spelled } from './score.ts';

interface MeasureOptions {
  readonly parts: readonly PooledMap[];
  /** Maps to be placed in the image; none unless told otherwise. */
  readonly maps?: readonly AnomalyMap[];
  /** Default false. */
  readonly wantsReconstruction?: boolean;
  /** The side of the tiles that the networks see; null where they see whole images. */
  readonly tile: number | null;
  readonly judged: JudgedSizes;
  /** Taken for x̂ instead of what G_a2n makes of x. */
  readonly given?: Tensor;
}

/** What {@link measure} makes of N images. */
export type Measured = {
  /** The pooled maps, [parts, N], in the order in which they were asked for; null for none. */
  readonly values: Tensor | null;
  /** Each [N, H, W, 1], likewise. */
  readonly maps: readonly Tensor[];
  /** x̂ [N, H, W, C]; null where it was not asked for. */
  readonly reconstruction: Tensor | null;
};

/**
 * Runs the networks as far as pooled maps, maps and x̂ need them, and none of them twice on the same image.
 *
 * @param networks whose weights want no gradient @param x images [N, H, W, C] in [−1, 1], their sides multiples of 4; one where there are tiles
 */
export function measure(
  networks: Networks,
  x: Tensor,
  { parts, maps = [], wantsReconstruction = false, tile, judged, given }: MeasureOptions,
): Measured {
  return scope(() => {
    const passes = passesOf(networks, x, { tile, judged, given });
    const { n } = imageExtents('A score', x);
    const values = parts.length > 0 ? Tensor.empty(x.device, [parts.length, n]) : null;
    for (const [i, { map, pooling }] of parts.entries()) {
      const pooled = POOLINGS[pooling].pool(passes.plane(map).values, n);
      if (values) copy(x.device, { x: pooled.slice, out: values.slice, count: n, outStart: i * n });
    }
    return {
      values,
      maps: maps.map((map) => passes.placed(map)),
      reconstruction: wantsReconstruction ? passes.reconstruction() : null,
    };
  });
}

/** Reads pooled maps back, of each image by their long names. @param images how many were measured */
export async function readParts(
  { values }: Measured,
  parts: readonly PooledMap[],
  images: number,
): Promise<Map<string, number>[]> {
  const read = (await values?.data()) ?? [];
  const finished = (part: PooledMap, i: number, image: number) =>
    POOLINGS[part.pooling].finish(read[i * images + image] ?? Number.NaN);
  return Array.from(
    { length: images },
    (_, image) => new Map(parts.map((part, i) => [spelled(part), finished(part, i, image)])),
  );
}

export function disposeMeasured({ values, maps, reconstruction }: Measured): void {
  for (const tensor of [values, ...maps, reconstruction]) tensor?.dispose();
}
