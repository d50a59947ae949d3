/** What stands for the tiles of matrix hardware in a bundle for pages: none. */
import type { MatrixTile } from './matrix-tile.ts';

export const matrixTiles: readonly MatrixTile[] = [];
export const splitTiles: readonly MatrixTile[] = [];

export function offersSplit(): boolean {
  return false;
}
