/** The tiles of the convolutions on matrix hardware: what one workgroup computes; see wgsl/conv2d/parts/matrix-gemm.wgsl. */

import type { Device } from '../../gpu/device.ts';
import type { MatrixConfig } from '../../gpu/host/adapter.ts';
import { ceilDiv } from '../../gpu/launch.ts';
import { EIGHTS, type FloatDType, type Specialisation } from '../source.ts';

export interface MatrixTile {
  readonly rows: number;
  readonly columns: number;
  /** Depth steps that are staged at a time. */
  readonly slab: number;
  /** Subgroups below each other and side by side, where their matrices are large enough; else there are more. */
  readonly down: number;
  readonly across: number;
}

/** In order of preference. */
export const matrixTiles: readonly MatrixTile[] = [
  { rows: 64, columns: 128, slab: 32, down: 1, across: 4 },
  { rows: 128, columns: 64, slab: 32, down: 2, across: 2 },
  { rows: 64, columns: 64, slab: 32, down: 2, across: 2 },
  { rows: 128, columns: 128, slab: 32, down: 2, across: 4 },
  { rows: 128, columns: 16, slab: 32, down: 4, across: 1 },
];

/** e.g. `matrix128x64`. */
export function matrixTileName({ rows, columns }: MatrixTile): string {
  return `matrix${rows}x${columns}`;
}

/**
 * The kernels have names for 4 × 4 matrices of a subgroup and for 4 chunks of each operand, since in arrays they would not stay in
 * registers. So a layout has no more.
 */
const NAMED = 4;

/** How a device computes a tile: the matrices of its subgroups, and the subgroups below each other and side by side. */
interface Layout {
  readonly config: MatrixConfig;
  readonly down: number;
  readonly across: number;
}

/** The layout with the preferred matrices of f16 with f32 sums that fit; none where a device's subgroups differ in size. */
function layoutOf(device: Device, tile: MatrixTile): Layout | null {
  const { matrixConfigs, subgroupSize } = device.info;
  if (subgroupSize.min !== subgroupSize.max) return null;
  for (const config of matrixConfigs) {
    if (config.component !== 'f16' || config.result !== 'f32' || config.n % 8 !== 0) continue;
    const layout = layoutWith(config, tile, subgroupSize.max);
    if (layout) return layout;
  }
  return null;
}

/** As few subgroups as can hold the tile. */
function layoutWith(config: MatrixConfig, { rows, columns, slab, ...tile }: MatrixTile, lanes: number): Layout | null {
  let { down, across } = tile;
  for (;;) {
    const [downEach, acrossEach] = [rows / (config.m * down), columns / (config.n * across)];
    if (!Number.isInteger(downEach) || !Number.isInteger(acrossEach) || slab % config.k !== 0) return null;
    const loads = (Math.max(rows, columns) * slab) / 8 / (lanes * down * across);
    if (downEach <= NAMED && acrossEach <= NAMED && loads <= NAMED) return { config, down, across };
    if (downEach > acrossEach) down *= 2;
    else across *= 2;
  }
}

/** The kernel's text for a tile on a device that {@link matrixTileSuits}. @param eights whether rows of results are whole eights */
export function matrixSpecialisation(device: Device, tile: MatrixTile, eights: boolean): Specialisation {
  const layout = layoutOf(device, tile);
  if (!layout) throw new Error(`${device.info.name} has no matrices for the tile ${matrixTileName(tile)}.`);
  const { m, n, k } = layout.config;
  const { rows, columns, slab } = tile;
  return {
    instead: eights ? EIGHTS : {},
    sizes: {
      ...{ M: m, N: n, K: k, SUBGROUP: device.info.subgroupSize.max },
      ...{ ROWS: rows, COLUMNS: columns, SLAB: slab },
      ...{ DOWN: layout.down, ACROSS: layout.across },
    },
  };
}

/** Workgroup memory in bytes, with 16 × 16 matrices. */
export function matrixTileBytes(tile: MatrixTile): number {
  return bytesOf(tile, tile, 16);
}

/** Lines of slabs are padded by 8 numbers, and results leave in lines of matrices, padded by 4. */
function bytesOf(
  { rows, columns, slab }: MatrixTile,
  { down, across }: Pick<Layout, 'down' | 'across'>,
  m: number,
): number {
  const padded = Math.max(rows * (slab + 8), slab * (rows + 8)) + Math.max(columns * (slab + 8), slab * (columns + 8));
  return 2 * padded + 4 * down * m * (columns + 4 * across);
}

/** What a convolution is as a product of matrices. */
interface Product {
  /** Of the operands. */
  readonly dtype: FloatDType;
  readonly rows: number;
  readonly columns: number;
}

/** Whether a tile suits a product here: the device has matrices for it, and it is not twice as long. */
export function matrixTileSuits(device: Device, tile: MatrixTile, { dtype, rows, columns }: Product): boolean {
  if (dtype !== 'f16' || !device.features.has('chromium-experimental-subgroup-matrix')) return false;
  const { limits } = device;
  const layout = layoutOf(device, tile);
  if (!layout) return false;
  const invocations = layout.down * layout.across * device.info.subgroupSize.max;
  return (
    bytesOf(tile, layout, layout.config.m) <= limits.maxComputeWorkgroupStorageSize &&
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    Math.max(ceilDiv(rows, tile.rows), ceilDiv(columns, tile.columns)) <= limits.maxComputeWorkgroupsPerDimension &&
    (2 * rows > tile.rows || tile.rows <= 64) &&
    (2 * columns > tile.columns || tile.columns <= 16)
  );
}
