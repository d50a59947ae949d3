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

const suffixed = ({ size }: BatchMatmul) => size.replace(/^(?=\d)/, '_');

/** In order of preference, those of large tiles first: where both are as fast, the operations of a layer share transforms if all take the same. */
export const winograds: readonly Winograd[] = [
  ...ways.map((way): Winograd => ({ name: `winograd4x4${suffixed(way)}`, tile: 4, instead: WINOGRAD_4X4, way })),
  ...ways.map((way): Winograd => ({ name: `winograd${way.size}`, tile: 2, instead: {}, way })),
];
