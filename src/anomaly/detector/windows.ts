/** Images larger than a device can bind, window by window. */
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { cutToMultiple } from '../../data/images/bank.ts';
import { copyRectangle } from '../../data/images/copy-rectangle.ts';
import { type ByteImage, type DecodedImage, type LargeImage, pixelsLike } from '../../data/images/decoded-image.ts';
import type { Size } from '../../data/images/level-memory.ts';
import { SMALLEST_TILE, tilesAlong } from '../maps/tiles.ts';
import type { DetectorNetworks } from './detector-networks.ts';

/** The largest side of a window: hidden layers of one have room in what every device can bind. */
const LARGEST_SIDE = 1024;

/** Part of an image. */
export interface Rectangle extends Size {
  x: number;
  y: number;
}

/** What is judged as an image of its own, and the part of it that it answers for: all parts together are the image, each place once. */
export interface Window extends Rectangle {
  own: Rectangle;
}

/** An image, cut to what windows can see, and its windows. */
export interface Windows {
  extent: Rectangle;
  windows: readonly Window[];
}

/**
 * The windows of an image that a detector sees in tiles, where it is too large for one: overlapping by a quarter, each place answered for by the
 * one in whose middle it lies. The same on every device. Null for an image that is seen as one.
 */
export function windowsOf({ tile, config }: DetectorNetworks, image: Size): Windows | null {
  const largest = Math.max(LARGEST_SIDE, 2 * config.loadSize);
  const [shorter, longer] = [Math.min(image.width, image.height), Math.max(image.width, image.height)];
  if (tile === null || longer <= largest || shorter < SMALLEST_TILE) return null;
  const extent = cutToMultiple(image, SIDE_MULTIPLE);
  const [rows, columns] = [spansAlong(extent.height, largest), spansAlong(extent.width, largest)];
  const windows = rows.flatMap((row) =>
    columns.map((column) => ({
      ...{ x: extent.x + column.start, y: extent.y + row.start, width: column.side, height: row.side },
      own: { x: column.from, y: row.from, width: column.to - column.from, height: row.to - row.from },
    })),
  );
  return { extent, windows };
}

/** The window in the middle of a large image; null for an image that is seen as one. */
function middleWindow(detector: DetectorNetworks, image: Size): Window | null {
  const { windows = [] } = windowsOf(detector, image) ?? {};
  return windows[Math.floor(windows.length / 2)] ?? null;
}

/** Windows along one axis: where each begins, and from where to where it answers. */
function spansAlong(extent: number, largest: number): { start: number; side: number; from: number; to: number }[] {
  const { side, starts } = tilesAlong(extent, largest);
  const middle = (k: number) => Math.floor(((starts[k - 1] ?? 0) + side + (starts[k] ?? 0)) / 2);
  return starts.map((start, k) => ({
    ...{ start, side },
    from: k === 0 ? 0 : middle(k),
    to: k === starts.length - 1 ? extent : middle(k + 1),
  }));
}

/** Part of an image, as one. @throws CyclopsError when the file of one that is read part by part is damaged there */
export async function cropImage(image: DecodedImage | LargeImage, part: Rectangle): Promise<DecodedImage> {
  if ('rows' in image) return cropImage(await image.rows(part.y, part.height), { ...part, y: 0 });
  const { width, channels, pixels } = image;
  const cropped = pixelsLike(pixels, part.width * part.height * channels);
  const { x, y } = part;
  copyRectangle({ values: pixels, width, x, y }, { values: cropped, width: part.width, x: 0, y: 0 }, part, channels);
  return { width: part.width, height: part.height, channels, pixels: cropped };
}

/**
 * What a detector sees at once of an image, of a large one the window in its middle; and the same of what belongs to it, as a mask does.
 *
 * @param crop cuts out of that @returns nothing of what belongs to a large image where it has another size
 */
export async function seenAtOnce<Beside extends Size>(
  detector: DetectorNetworks,
  image: DecodedImage,
  beside: Beside | null,
  crop: (beside: Beside, part: Rectangle) => Beside | Promise<Beside>,
): Promise<{ image: DecodedImage; beside: Beside | null }> {
  const window = middleWindow(detector, image);
  if (!window) return { image, beside };
  const isAlike = beside?.width === image.width && beside.height === image.height;
  return { image: await cropImage(image, window), beside: beside && isAlike ? await crop(beside, window) : null };
}

/** An image of levels or values that is put together of what windows make. */
export class Mosaic<Values extends Uint8Array | Float32Array> {
  /** @param values [height, width, channels] of the whole @param extent where in the image it lies */
  constructor(
    readonly values: Values,
    private readonly extent: Rectangle,
    private readonly channels: number,
  ) {}

  /** Takes from what a window made, [height, width, channels], the part that it answers for. */
  put(made: Values, { x, y, width, own }: Window): void {
    const { values, extent, channels } = this;
    const from = { values: made, width, x: own.x + extent.x - x, y: own.y + extent.y - y };
    copyRectangle(from, { values, width: extent.width, x: own.x, y: own.y }, own, channels);
  }
}

/** A picture that is put together of what windows make. */
export class PictureMosaic {
  private mosaic: Mosaic<Uint8Array> | null = null;
  private channels: ByteImage['channels'] = 3;

  constructor(private readonly extent: Rectangle) {}

  put({ channels, pixels }: ByteImage, window: Window): void {
    const { width, height } = this.extent;
    this.mosaic ??= new Mosaic<Uint8Array>(new Uint8Array(width * height * channels), this.extent, channels);
    this.channels = channels;
    this.mosaic.put(pixels, window);
  }

  get picture(): ByteImage {
    const { width, height } = this.extent;
    return { width, height, channels: this.channels, pixels: this.mosaic?.values ?? new Uint8Array() };
  }
}
