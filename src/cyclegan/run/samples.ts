import { noGrad } from '../../autograd/tape.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { composeGrid } from '../../data/images/grid.ts';
import { encodePng } from '../../data/images/png.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Networks } from '../network-set.ts';
import { SIDE_MULTIPLE } from '../networks.ts';
import { toImage } from '../tensor-image.ts';
import type { Banks } from './training-banks.ts';

const GAP = 4;

/**
 * Writes what the generators make of the first image of each domain, as one PNG: real A, fake B, reconstructed A, and
 * below them real B, fake A, reconstructed B. The same images each time, so that pictures of a run compare.
 */
export async function writeSamples(path: string, { G_A, G_B }: Networks, { a, b }: Banks): Promise<void> {
  const rows: Tensor[][] = scope(() =>
    noGrad(() => {
      const [realA, realB] = [a.whole(0, SIDE_MULTIPLE), b.whole(0, SIDE_MULTIPLE)];
      const [fakeB, fakeA] = [G_A.forward(realA), G_B.forward(realB)];
      return [
        [realA, fakeB, G_B.forward(fakeB)],
        [realB, fakeA, G_A.forward(fakeA)],
      ];
    }),
  );
  const pictures = await Promise.all(rows.map((row) => Promise.all(row.map(toImage))));
  for (const tensor of rows.flat()) tensor.dispose();
  const grid = composeGrid(pictures, GAP);
  writeFileAtomic(path, encodePng(grid.width, grid.height, grid.channels, grid.pixels));
}
