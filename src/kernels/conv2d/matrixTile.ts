/** The tiles of the convolutions on matrix hardware: what one workgroup computes; see wgsl/parts/matrix_gemm.wgsl. */
import type { MatrixConfig } from '../../gpu/adapter.ts';
import type { Device } from '../../gpu/device.ts';
import { groups } from '../../gpu/launch.ts';
import type { Specialisation } from '../source.ts';
import type { ConvProblem } from './problem.ts';

export interface MatrixTile {
  readonly rows: number;
  readonly columns: number;
  /** Depth steps that are staged at a time. */
  readonly slab: number;
  /** Subgroups below each other and side by side. */
  readonly down: number;
  readonly across: number;
  readonly buffers: 1 | 2;
}

/** In order of preference. */
export const matrixTiles: readonly MatrixTile[] = [
  { rows: 128, columns: 128, slab: 32, down: 2, across: 4, buffers: 1 },
  { rows: 128, columns: 64, slab: 32, down: 4, across: 2, buffers: 1 },
  { rows: 64, columns: 64, slab: 32, down: 2, across: 2, buffers: 1 },
  { rows: 128, columns: 16, slab: 32, down: 4, across: 1, buffers: 1 },
];

/** e.g. `matrix128x64`. */
export function matrixTileName({ rows, columns }: MatrixTile): string {
  return `matrix${rows}x${columns}`;
}

/** The products of f16 with f32 sums that a device's subgroups offer, the preferred first; none where subgroups differ in size. */
function configOf(device: Device, tile: MatrixTile): MatrixConfig | undefined {
  const { matrixConfigs, subgroupSize } = device.info;
  if (subgroupSize.min !== subgroupSize.max) return undefined;
  return matrixConfigs.find(
    ({ m, n, k, component, result }) =>
      component === 'f16' &&
      result === 'f32' &&
      n % 8 === 0 &&
      tile.rows % (m * tile.down) === 0 &&
      tile.columns % (n * tile.across) === 0 &&
      tile.slab % k === 0,
  );
}

/** The kernel's text for a tile on a device that {@link matrixTileSuits}. */
export function matrixSizes(device: Device, tile: MatrixTile): Specialisation {
  const config = configOf(device, tile);
  if (!config) throw new Error(`${device.info.name} has no matrices for the tile ${matrixTileName(tile)}.`);
  const { m, n, k } = config;
  const { rows, columns, slab, down, across, buffers } = tile;
  return {
    sizes: {
      ...{ M: m, N: n, K: k, SUBGROUP: device.info.subgroupSize.max },
      ...{ ROWS: rows, COLUMNS: columns, SLAB: slab, DOWN: down, ACROSS: across, BUFFERS: buffers },
    },
  };
}

/** Workgroup memory in bytes, however a slab lies: its lines are padded by 8 numbers. */
export function matrixTileBytes({ rows, columns, slab, down, across, buffers }: MatrixTile): number {
  const padded = Math.max(rows * (slab + 8), slab * (rows + 8)) + Math.max(columns * (slab + 8), slab * (columns + 8));
  return buffers * 2 * padded + down * across * 16 * 16 * 4;
}

/** Whether a tile suits a product of so many rows and columns here: the device has matrices for it, and it is not twice as long. */
export function matrixTileSuits(
  device: Device,
  { stored }: ConvProblem,
  tile: MatrixTile,
  rows: number,
  columns: number,
): boolean {
  if (stored !== 'f16' || !device.features.has('chromium-experimental-subgroup-matrix')) return false;
  const { limits } = device;
  const invocations = tile.down * tile.across * device.info.subgroupSize.max;
  return (
    configOf(device, tile) !== undefined &&
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    Math.max(groups(rows, tile.rows), groups(columns, tile.columns)) <= limits.maxComputeWorkgroupsPerDimension &&
    (2 * rows > tile.rows || tile.rows <= 64) &&
    (2 * columns > tile.columns || tile.columns <= 16)
  );
}
