import type { Networks } from '../../cyclegan/network-set.ts';
import { type Discriminator, SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { fill } from '../../kernels/elementwise.ts';
import { blendTile, cropTile, type TilePlace } from '../../kernels/images/tiles.ts';
import { Module } from '../../layers/module.ts';
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

/** Tiles along one axis: all of one side, and where each begins. */
interface TileAxis {
  readonly side: number;
  readonly starts: readonly number[];
}

/**
 * The fewest tiles that cover `extent` with an overlap of a quarter of `tile`, evenly spread, and each no larger than it must be.
 *
 * @param extent @param tile in pixels, multiples of 4
 */
export function tilesAlong(extent: number, tile: number): TileAxis {
  if (extent <= tile) return { side: extent, starts: [0] };
  const overlap = overlapOf(tile);
  const count = Math.ceil((extent - overlap) / (tile - overlap));
  const needed = (extent + (count - 1) * overlap) / count;
  const side = Math.max(SMALLEST_TILE, SIDE_MULTIPLE * Math.ceil(needed / SIDE_MULTIPLE));
  return { side, starts: Array.from({ length: count }, (_, k) => Math.round((k * (extent - side)) / (count - 1))) };
}

/**
 * The weight of each tile at each of its pixels: it rises and falls over the overlap as sin², and at every pixel the weights of all tiles
 * sum to 1.
 */
export function tileWeights({ side, starts }: TileAxis, tile: number): number[][] {
  const fade = overlapOf(tile);
  const fades = Array.from({ length: side }, (_, i) => {
    const edge = Math.min(i + 0.5, side - i - 0.5) / fade;
    return Math.sin((Math.PI / 2) * Math.min(1, edge)) ** 2;
  });
  const totals = new Map<number, number>();
  for (const start of starts) {
    for (const [i, weight] of fades.entries()) totals.set(start + i, (totals.get(start + i) ?? 0) + weight);
  }
  return starts.map((start) => fades.map((weight, i) => weight / (totals.get(start + i) ?? 1)));
}

/**
 * Networks that see an image tile by tile: a generator's tiles are blended, a discriminator's maps and features come as a
 * batch of those of the tiles. An image that one tile covers goes through the networks as it is.
 *
 * Not differentiable, and for one image at a time.
 *
 * @param tile the largest side of a tile, a multiple of 4 and at least {@link SMALLEST_TILE}
 */
export function tiledNetworks({ G_A, G_B, D_A, D_B }: Networks, tile: number): Networks {
  return {
    G_A: new TiledGenerator(G_A, tile),
    G_B: new TiledGenerator(G_B, tile),
    D_A: new TiledDiscriminator(D_A, tile),
    D_B: new TiledDiscriminator(D_B, tile),
  };
}

class TiledGenerator extends Module {
  constructor(
    private readonly generator: Module,
    private readonly tile: number,
  ) {
    super();
  }

  forward(x: Tensor): Tensor {
    const { device } = x;
    const { rows, columns, places } = layOut(x, this.tile);
    if (places.length === 1) return this.generator.forward(x);
    const [rowWeights, columnWeights] = [tileWeights(rows, this.tile), tileWeights(columns, this.tile)];
    const image = Tensor.empty(device, x.shape);
    fill(device, { value: 0, out: image.slice, count: image.size });
    for (const [k, place] of places.entries()) {
      const down = rowWeights[Math.floor(k / columns.starts.length)] ?? [];
      const across = columnWeights[k % columns.starts.length] ?? [];
      scope(() => {
        const made = this.generator.forward(cropAll(x, [place]));
        const weights = Tensor.from(device, Float32Array.from([...down, ...across]), [down.length + across.length]);
        blendTile(device, place, { tile: made.slice, weights: weights.slice, image: image.slice });
      });
    }
    return image;
  }
}

class TiledDiscriminator extends Module implements Discriminator {
  readonly hiddenFields: Discriminator['hiddenFields'];
  readonly field: Discriminator['field'];

  constructor(
    private readonly discriminator: Discriminator,
    private readonly tile: number,
  ) {
    super();
    this.hiddenFields = discriminator.hiddenFields;
    this.field = discriminator.field;
  }

  forward(x: Tensor): Tensor {
    return this.judge(this.hidden(x));
  }

  hidden(x: Tensor): Tensor[] {
    const { places } = layOut(x, this.tile);
    return places.length === 1
      ? this.discriminator.hidden(x)
      : scope(() => this.discriminator.hidden(cropAll(x, places)));
  }

  judge(hidden: readonly Tensor[]): Tensor {
    return this.discriminator.judge(hidden);
  }
}

function layOut(x: Tensor, tile: number): { rows: TileAxis; columns: TileAxis; places: TilePlace[] } {
  const { h, w, c } = imageExtents('Tiling', x);
  const [rows, columns] = [tilesAlong(h, tile), tilesAlong(w, tile)];
  const common = { width: w, channels: c, tileHeight: rows.side, tileWidth: columns.side };
  const places = rows.starts.flatMap((top) => columns.starts.map((left) => ({ ...common, top, left })));
  return { rows, columns, places };
}

/** Tiles of the image as one batch. */
function cropAll(x: Tensor, places: readonly TilePlace[]): Tensor {
  const [first] = places;
  if (!first) throw new Error('An image has no tiles.');
  const tiles = Tensor.empty(x.device, [places.length, first.tileHeight, first.tileWidth, first.channels]);
  for (const [slot, place] of places.entries()) cropTile(x.device, place, { x: x.slice, out: tiles.slice, slot });
  return tiles;
}

function overlapOf(tile: number): number {
  return Math.floor(tile / 4);
}
