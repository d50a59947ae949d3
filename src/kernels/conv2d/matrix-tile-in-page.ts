/** What stands for the tiles of matrix hardware in a bundle for pages: none. */
import type { HaloTile, MatrixTile } from './matrix-tile.ts';

export const matrixTiles: readonly MatrixTile[] = [];
export const splitTiles: readonly MatrixTile[] = [];
export const haloTiles: readonly HaloTile[] = [];

export function offersSplit(): boolean {
  return false;
}
