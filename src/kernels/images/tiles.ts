/** Cutting an image [H, W, C] into tiles and putting it together again; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';

/** Where a tile lies in its image, in pixels. */
export interface TilePlace {
  /** Of the image. */
  readonly width: number;
  readonly channels: number;
  readonly tileHeight: number;
  readonly tileWidth: number;
  readonly top: number;
  readonly left: number;
}

interface CropTileArguments {
  /** The image. */
  readonly x: BufferSlice;
  /** The batch of tiles, … */
  readonly out: BufferSlice;
  /** … and which element of it is written. */
  readonly slot: number;
}

/** out[slot] = the tile of the image x. */
export function cropTile(device: Device, place: TilePlace, { x, out, slot }: CropTileArguments): void {
  const { width, channels, tileHeight, tileWidth, top, left } = place;
  const count = tileHeight * tileWidth * channels;
  device.launch({
    kernel: kernel('images/tile-crop'),
    bindings: [x, out],
    immediates: immediates(count, width, channels, tileWidth, top, left, slot * count),
    workgroups: flatGrid(device, count),
    label: 'cropTile',
    flops: 0,
    bytes: 8 * count,
  });
}

interface BlendTileArguments {
  readonly tile: BufferSlice;
  /** Those of the tile's rows, then those of its columns. */
  readonly weights: BufferSlice;
  readonly image: BufferSlice;
}

/** image += weights · tile. */
export function blendTile(
  device: Device,
  { width, channels, tileHeight, tileWidth, top, left }: TilePlace,
  { tile, weights, image }: BlendTileArguments,
): void {
  const count = tileHeight * tileWidth * channels;
  device.launch({
    kernel: kernel('images/tile-blend'),
    bindings: [tile, weights, image],
    immediates: immediates(count, width, channels, tileHeight, tileWidth, top, left),
    workgroups: flatGrid(device, count),
    label: 'blendTile',
    flops: 3 * count,
    bytes: 12 * count,
  });
}
