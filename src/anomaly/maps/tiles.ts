import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { blendTile, cropTile, type TilePlace } from '../../kernels/images/tiles.ts';
import { filled } from '../../tensor/filled.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** The smallest side of a tile: a discriminator's map of a smaller one is empty. */
export const SMALLEST_TILE = 24;

/** What the side of a tile may be, for the end of a sentence. */
export const TILE_SIDES = `a multiple of ${SIDE_MULTIPLE} from ${SMALLEST_TILE} on`;

export function isTileSide(side: unknown): side is number {
  return typeof side === 'number' && Number.isInteger(side) && side % SIDE_MULTIPLE === 0 && side >= SMALLEST_TILE;
}

/** Tiles along one axis: all of one side, where each begins, and over how many pixels it gives way to the next. */
export interface TileAxis {
  readonly side: number;
  readonly starts: readonly number[];
  readonly overlap: number;
}

/**
 * The fewest tiles that cover `extent` with an overlap, evenly spread, and each no larger than it must be.
 *
 * @param extent @param tile in pixels, multiples of 4 @param overlap in pixels, at most half a tile; a quarter of it unless told otherwise
 */
export function tilesAlong(extent: number, tile: number, overlap = quarter(tile)): TileAxis {
  if (extent <= tile) return { side: extent, starts: [0], overlap };
  const count = Math.ceil((extent - overlap) / (tile - overlap));
  const needed = (extent + (count - 1) * overlap) / count;
  const side = Math.max(SMALLEST_TILE, SIDE_MULTIPLE * Math.ceil(needed / SIDE_MULTIPLE));
  const starts = Array.from({ length: count }, (_, k) => Math.round((k * (extent - side)) / (count - 1)));
  return { side, starts, overlap };
}

/**
 * The weight of each tile at each of its pixels: it rises and falls over the overlap as sin², and at every pixel the weights of all tiles
 * sum to 1.
 */
export function tileWeights({ side, starts, overlap }: TileAxis): number[][] {
  const fades = Array.from({ length: side }, (_, i) => {
    const edge = Math.min(i + 0.5, side - i - 0.5) / overlap;
    return Math.sin((Math.PI / 2) * Math.min(1, edge)) ** 2;
  });
  const totals = new Map<number, number>();
  for (const start of starts) {
    for (const [i, weight] of fades.entries()) totals.set(start + i, (totals.get(start + i) ?? 0) + weight);
  }
  return starts.map((start) => fades.map((weight, i) => weight / (totals.get(start + i) ?? 1)));
}

/** How an image is divided. */
interface TileLayout {
  readonly rows: TileAxis;
  readonly columns: TileAxis;
  /** Row by row. */
  readonly places: readonly TilePlace[];
}

/** The tiles of an image [1, H, W, C]. @param tile the largest side of one @param overlap as for {@link tilesAlong} */
export function layOut(x: Tensor, tile: number, overlap = quarter(tile)): TileLayout {
  const { h, w, c } = imageExtents('Tiling', x);
  const [rows, columns] = [tilesAlong(h, tile, overlap), tilesAlong(w, tile, overlap)];
  const common = { width: w, channels: c, tileHeight: rows.side, tileWidth: columns.side };
  const places = rows.starts.flatMap((top) => columns.starts.map((left) => ({ ...common, top, left })));
  return { rows, columns, places };
}

/** Tiles of an image as one batch. */
export function cropTiles(x: Tensor, places: readonly TilePlace[]): Tensor {
  const [first] = places;
  if (!first) throw new Error('An image has no tiles.');
  const tiles = Tensor.empty(x.device, [places.length, first.tileHeight, first.tileWidth, first.channels]);
  for (const [slot, place] of places.entries()) cropTile(x.device, place, { x: x.slice, out: tiles.slice, slot });
  return tiles;
}

/**
 * Puts tiles together to an image [1, H, W, C]: where they overlap, weighted as {@link tileWeights} says. Not differentiable.
 *
 * @param makeTile the k-th tile [1, height, width, C], freed once it is part of the image
 * @param like an image of the height and width that were laid out @param channels of the tiles
 */
export function blendTiles(
  like: Tensor,
  { rows, columns, places }: TileLayout,
  channels: number,
  makeTile: (place: TilePlace, k: number) => Tensor,
): Tensor {
  const { device } = like;
  const { h, w } = imageExtents('Tiling', like);
  const [rowWeights, columnWeights] = [tileWeights(rows), tileWeights(columns)];
  const image = filled(device, [1, h, w, channels], 0);
  for (const [k, place] of places.entries()) {
    const down = rowWeights[Math.floor(k / columns.starts.length)] ?? [];
    const across = columnWeights[k % columns.starts.length] ?? [];
    scope(() => {
      const made = makeTile(place, k);
      const weights = Tensor.from(device, Float32Array.from([...down, ...across]), [down.length + across.length]);
      blendTile(device, { ...place, channels }, { tile: made.slice, weights: weights.slice, image: image.slice });
    });
  }
  return image;
}

function quarter(tile: number): number {
  return Math.floor(tile / 4);
}
