/**
 * The forms of Winograd's transform: how large tiles are, and how their products are made. Bundles for pages leave them out, by
 * winograd-forms-in-page.ts in place of this file: only measuring chooses them, and pages that measure are few.
 */
import { WINOGRAD_4X4 } from '../source.ts';
import { type BatchMatmul, lanesMatmul, workgroupMatmul } from './batch-matmul.ts';
import { lanes } from './lanes.ts';
import { tiles } from './tile.ts';

export interface Winograd {
  readonly name: string;
  /** Outputs along a side of a tile. */
  readonly tile: 2 | 4;
  /** The parts of the transforms' kernels that others take the place of. */
  readonly instead: Readonly<Record<string, string>>;
  readonly way: BatchMatmul;
}

const ways = [...lanes.map(lanesMatmul), ...tiles.filter(({ columns }) => columns >= 64).map(workgroupMatmul)];

/** Those of small tiles first, of each in order of preference. */
export const winograds: readonly Winograd[] = [
  ...ways.map((way): Winograd => ({ name: `winograd${way.size}`, tile: 2, instead: {}, way })),
  ...ways.map((way): Winograd => {
    const size = way.size.replace(/^(?=\d)/, '_');
    return { name: `winograd4x4${size}`, tile: 4, instead: WINOGRAD_4X4, way };
  }),
];
