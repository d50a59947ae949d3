/** The tiles of the convolution kernels for GPUs: what one workgroup computes, staged through its memory; see wgsl/matmul/parts/gemm.wgsl. */
import type { Device } from '../../gpu/device.ts';
import { ceilDiv } from '../../gpu/launch.ts';

export interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Columns that an invocation owns, with 8 rows: 8 multiply most for what they load, 4 give a small problem more invocations. */
  readonly perLane: 4 | 8;
}

const low: Tile = { rows: 32, columns: 64, perLane: 4 };
/** For images and for a map of logits, which have few channels. */
const narrow: Tile = { rows: 64, columns: 16, perLane: 4 };

/** In order of preference: a middling one, those that load less where there is work for all of a GPU, and those for little. */
export const tiles: readonly Tile[] = [
  { rows: 64, columns: 64, perLane: 4 },
  { rows: 128, columns: 64, perLane: 8 },
  { rows: 128, columns: 128, perLane: 8 },
  low,
  narrow,
];

/** e.g. `tiled64x64`. */
export function tileName({ rows, columns }: Tile): string {
  return `tiled${rows}x${columns}`;
}

/** The values of the kernels' `override` constants. */
export function tileConstants({ rows, columns, perLane }: Tile): Record<string, number> {
  return { ROWS: rows, COLUMNS: columns, WIDE: perLane === 8 ? 1 : 0 };
}

/** Invocations of a workgroup. */
export function tileInvocations({ rows, columns, perLane }: Tile): number {
  return (rows * columns) / (8 * perLane);
}

/** Workgroup memory in bytes: 8 depth steps of both operands, and a gap between the halves of one. */
export function tileBytes({ rows, columns }: Tile): number {
  return 16 * (2 * rows + 2 * columns + 4);
}

/**
 * Whether a tile suits a product of so many rows and columns here. One that is twice as long as they are does not: a shorter one
 * does the same with fewer invocations.
 */
export function tileSuits(device: Device, tile: Tile, rows: number, columns: number): boolean {
  const { limits } = device;
  const invocations = tileInvocations(tile);
  return (
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    Math.max(ceilDiv(rows, tile.rows), ceilDiv(columns, tile.columns)) <= limits.maxComputeWorkgroupsPerDimension &&
    (2 * rows > tile.rows || tile === low || tile === narrow) &&
    (2 * columns > tile.columns || tile === narrow)
  );
}
