/** Cutting an image [H, W, C] into tiles and putting it together again; no gradients. */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, immediates } from '../../gpu/launch.ts';
import { flatGrid } from '../elementwise.ts';
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

/** out = the tile of the image x, as element `slot` of a batch of tiles. */
export function cropTile(device: Device, x: BufferSlice, out: BufferSlice, place: TilePlace, slot: number): void {
  const { width, channels, tileHeight, tileWidth, top, left } = place;
  const count = tileHeight * tileWidth * channels;
  device.launch({
    kernel: kernel('images/tile-crop'),
    bindings: [x, out],
    immediates: immediates(count, width, channels, tileWidth, top, left, slot * count),
    workgroups: flatGrid(4 * count),
    label: 'cropTile',
    flops: 0,
    bytes: 8 * count,
  });
}

/** image += weights · tile. @param weights those of the tile's rows, then those of its columns */
export function blendTile(
  device: Device,
  tile: BufferSlice,
  weights: BufferSlice,
  image: BufferSlice,
  { width, channels, tileHeight, tileWidth, top, left }: TilePlace,
): void {
  const count = tileHeight * tileWidth * channels;
  device.launch({
    kernel: kernel('images/tile-blend'),
    bindings: [tile, weights, image],
    immediates: immediates(count, width, channels, tileHeight, tileWidth, top, left),
    workgroups: flatGrid(4 * count),
    label: 'blendTile',
    flops: 3 * count,
    bytes: 12 * count,
  });
}
