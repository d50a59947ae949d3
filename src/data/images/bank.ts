import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type LevelType, levelWords, type Resampling, type View } from '../../kernels/images/image.ts';
import type { FloatDType } from '../../kernels/source.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { toChannels } from './channels.ts';
import type { DecodedImage, Pixels } from './decoded-image.ts';
import { BatchFeed, entryAt, turnedSize } from './feed.ts';
import { type BankEntry, LevelMemory, type Overflow, type Size } from './level-memory.ts';
import { localContrast } from './local-contrast.ts';
import { asPlanes, type Planes } from './planes.ts';
import { resizeAxis } from './resize-axis.ts';

export type { View } from '../../kernels/images/image.ts';
export type { Size } from './level-memory.ts';

export interface BankOptions {
  channels: 1 | 3;
  /** The size to which every image is resized, or what says it of each; null keeps each image's own. */
  loadSize: Size | null | ((image: Size) => Size);
  /** Whether to even out light and contrast first, see {@link localContrast}. */
  localContrast?: boolean;
  /** What to show of a gray image as three instead, see {@link asPlanes}; `channels` is 3 then. */
  planes?: Planes | null;
  /** Where images lie that are too many for the device; all lie on it unless told otherwise. */
  overflow?: Overflow;
}

/** Uploads wait in host memory until the device takes them: after so many bytes, wait for it. */
const FENCE_BYTES = 2 ** 26;
/** Rows are uploaded and resized so many bytes at a time: all of a large image would lie on the device twice. */
const STRIP_BYTES = 2 ** 25;

/** Images on the device, as bytes or as floats where they have more than 8 bits, uploaded and resized once; batches are cut out of them by a kernel. */
export class ImageBank {
  private readonly memory: LevelMemory;

  constructor(
    private readonly device: Device,
    private readonly options: BankOptions,
  ) {
    this.memory = new LevelMemory(device, options.overflow ?? null);
  }

  /**
   * Adds images one after another, so that `images` may decode them as they are asked for.
   *
   * @throws CyclopsError as {@link add}
   */
  static async create(
    device: Device,
    images: Iterable<DecodedImage> | AsyncIterable<DecodedImage>,
    options: BankOptions,
  ): Promise<ImageBank> {
    const bank = new ImageBank(device, options);
    let waiting = 0;
    for await (const image of images) {
      await bank.take(image);
      waiting += image.pixels.byteLength;
      if (waiting >= FENCE_BYTES) {
        await device.fence();
        waiting = 0;
      }
    }
    await device.fence();
    return bank;
  }

  /**
   * Uploads an image. Gray and colour become one another as in {@link toChannels}. Resizing is bicubic; of bytes it gives PIL's
   * (Image.resize with BICUBIC).
   *
   * @throws CyclopsError when it is larger than the device's largest buffer
   */
  add(image: DecodedImage): void {
    this.put(this.shown(image), this.sizeOf(image));
  }

  /** Adds an image as {@link add} does, where it fits. */
  async take(image: DecodedImage): Promise<void> {
    await this.makeRoom(image, this.sizeOf(image));
    this.add(image);
  }

  private shown(image: DecodedImage): DecodedImage {
    const { planes, localContrast: isEvened } = this.options;
    if (planes) return asPlanes(toChannels(image, 1), planes);
    const own = toChannels(image, this.channels);
    return isEvened ? localContrast(own) : own;
  }

  /** Adds an image of the bank's channels as it is, without resizing. @throws CyclopsError as {@link add} */
  async append(image: DecodedImage): Promise<void> {
    await this.makeRoom(image, image);
    this.put(toChannels(image, this.channels), image);
  }

  /** Adds a copy of an image of the bank in another size, resized as by {@link add}. */
  async appendCopy(index: number, size: Size): Promise<void> {
    const { device, channels, memory } = this;
    const { type, width, height } = this.entry(index);
    const words = levelWords(size.width * size.height * channels, type);
    await memory.makeRoom(words, type);
    const { chunk, start } = memory.reserve(size, words, type);
    scope(() => {
      const wide = levelsTensor(device, height * size.width * channels, type);
      const across = { length: width, outLength: size.width, inner: channels, outer: height };
      resize(this.levelsOf(index), across, { target: wide, start: 0, type });
      const along = { length: height, outLength: size.height, inner: size.width * channels, outer: 1 };
      resize({ levels: wide, start: 0 }, along, { target: chunk.words, start, type });
    });
  }

  /** Where an image lies on the device, to which it is brought from the store. */
  private levelsOf(index: number): ResizedSource {
    const { device, channels, memory } = this;
    const { type, width, height, chunk, start } = this.entry(index);
    if (chunk) return { levels: chunk.words, start };
    if (!memory.store) throw new Error('An image that lies in no chunk needs a store.');
    const levels = levelsTensor(device, width * height * channels, type);
    device.write(levels.slice, memory.store.read(4 * start, 4 * levels.size));
    return { levels, start: 0 };
  }

  get count(): number {
    return this.memory.entries.length;
  }

  /** The size of an image in the bank, in pixels. */
  size(index: number): Size {
    const { width, height } = this.entry(index);
    return { width, height };
  }

  /**
   * Views of images as one batch [N, H, W, C] in [−1, 1]; after their turns all must have one size.
   *
   * @param indices which images. @param views what to show of each, in the same order.
   * @throws CyclopsError when a view leaves its image or has another size than the first.
   */
  batch(indices: readonly number[], views: readonly View[]): Tensor {
    const [first] = views;
    if (!first) throw new CyclopsError('A batch needs at least one image; got none.');
    const feed = this.feed(indices.length, turnedSize(first));
    feed.show(indices, views);
    const out = feed.images();
    feed.dispose();
    return out;
  }

  /** Batches of `count` views of one size in this dtype, to be made again and again by the same launches. */
  feed(count: number, size: Size, dtype: FloatDType = 'f32'): BatchFeed {
    const shape = { images: count, ...size, channels: this.channels };
    return new BatchFeed(this.device, this.memory, shape, dtype);
  }

  /** One whole image [1, H, W, C] in [−1, 1], its borders cut evenly until both sides are multiples of `multiple`. */
  whole(index: number, multiple = 1): Tensor {
    return this.batch([index], [{ ...cutToMultiple(this.size(index), multiple), flip: false, turns: 0 }]);
  }

  /** An image as it lies in the bank, read back in levels as fine as it was given. */
  async image(index: number): Promise<DecodedImage> {
    const { type, width, height } = this.entry(index);
    const tensor = this.whole(index);
    const pixels = type === 'u8' ? await toBytes(tensor) : (await tensor.data()).map((v) => (v + 1) * 127.5);
    tensor.dispose();
    return { width, height, channels: this.channels, pixels };
  }

  dispose(): void {
    this.memory.dispose();
  }

  private sizeOf(image: Size): Size {
    const { loadSize } = this.options;
    return typeof loadSize === 'function' ? loadSize(image) : (loadSize ?? image);
  }

  private makeRoom({ pixels }: DecodedImage, { width, height }: Size): Promise<void> {
    const type = levelType(pixels);
    return this.memory.makeRoom(levelWords(width * height * this.channels, type), type);
  }

  private put(image: DecodedImage, size: Size): void {
    const { device, channels } = this;
    const type = levelType(image.pixels);
    const levels = size.width * size.height * channels;
    const { chunk, start } = this.memory.reserve(size, levelWords(levels, type), type);
    const across = image.width !== size.width;
    const along = image.height !== size.height;
    if (!across && !along) {
      const { buffer, offset } = chunk.words.slice;
      device.write({ buffer, offset: offset + 4 * start, size: 4 * levelWords(levels, type) }, wordsOf(image.pixels));
    } else {
      scope(() => {
        let source: Tensor<'u32'> | null = null;
        if (across) {
          const target = along ? levelsTensor(device, image.height * size.width * channels, type) : chunk.words;
          this.resizeRows(image, size.width, { target, start: along ? 0 : start, type });
          source = target;
        }
        if (along) {
          const axis = { length: image.height, outLength: size.height, inner: size.width * channels, outer: 1 };
          const levels = source ?? uploaded(device, image.pixels, type);
          resize({ levels, start: 0 }, axis, { target: chunk.words, start, type });
        }
      });
    }
  }

  /** Resizes each row, in strips of rows that take little and that the device can bind, whatever the image has. */
  private resizeRows({ width, height, pixels }: DecodedImage, outWidth: number, place: ResizedPlace): void {
    const { device, channels } = this;
    const { target, start, type } = place;
    const levels = width * channels;
    const most = Math.min(STRIP_BYTES, device.limits.maxStorageBufferBindingSize);
    const fitting = Math.floor(most / (4 * levelWords(levels, type)));
    // Each strip has to begin with a whole word.
    const strip = Math.max(4, fitting - (fitting % 4));
    for (let top = 0; top < height; top += strip) {
      const outer = Math.min(strip, height - top);
      const axis = { length: width, outLength: outWidth, inner: channels, outer };
      const first = start + levelWords(top * outWidth * channels, type);
      scope(() => {
        const rows = uploaded(device, pixels.subarray(top * levels, (top + outer) * levels), type);
        resize({ levels: rows, start: 0 }, axis, { target, start: first, type });
      });
    }
  }

  private get channels(): 1 | 3 {
    return this.options.channels;
  }

  private entry(index: number): BankEntry {
    return entryAt(this.memory.entries, index);
  }
}

function levelType(pixels: Pixels): LevelType {
  return pixels instanceof Uint8Array ? 'u8' : 'f32';
}

/** What is left of an image of this size when its borders are cut evenly until both sides are multiples of `multiple`. */
export function cutToMultiple({ width, height }: Size, multiple: number): Size & { x: number; y: number } {
  const [right, bottom] = [width % multiple, height % multiple];
  return { x: right >> 1, y: bottom >> 1, width: width - right, height: height - bottom };
}

/** An image [1, H, W, C] in [−1, 1] as bytes [H, W, C]: (v + 1) · 127.5, rounded, what lies outside clamped. */
export async function toBytes(image: Tensor): Promise<Uint8Array> {
  const { n } = imageExtents('toBytes', image);
  if (n !== 1) throw new CyclopsError(`toBytes needs one image [1, H, W, C]; got a batch of ${n}.`);
  return Uint8Array.from(await image.data(), (v) => Math.round(Math.min(255, Math.max(0, (v + 1) * 127.5))));
}

interface ResizedPlace {
  target: Tensor<'u32'>;
  /** The first word of the image in it. */
  start: number;
  type: LevelType;
}

/** Levels of which an image begins at this word. */
interface ResizedSource {
  levels: Tensor<'u32'>;
  start: number;
}

function resize(source: ResizedSource, axis: Resampling, { target, start, type }: ResizedPlace): void {
  const { levels } = source;
  resizeAxis(levels.device, axis, {
    ...{ source: levels.slice, start: source.start },
    ...{ out: target.slice, outStart: start, type },
  });
}

function uploaded(device: Device, pixels: Pixels, type: LevelType): Tensor<'u32'> {
  const tensor = levelsTensor(device, pixels.length, type);
  device.write(tensor.slice, wordsOf(pixels));
  return tensor;
}

function levelsTensor(device: Device, levels: number, type: LevelType): Tensor<'u32'> {
  return Tensor.empty(device, [levelWords(levels, type)], 'u32');
}

/** Pixels as the device stores them: bytes padded to whole words, or floats. A copy only where it must be. */
function wordsOf(pixels: Pixels): Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = pixels;
  const isWhole = pixels.byteLength % 4 === 0 && buffer instanceof ArrayBuffer;
  if (pixels instanceof Float32Array) {
    return isWhole ? new Float32Array(buffer, byteOffset, length) : new Float32Array(pixels);
  }
  if (isWhole) return new Uint8Array(buffer, byteOffset, length);
  const padded = new Uint8Array(4 * levelWords(length, 'u8'));
  padded.set(pixels);
  return padded;
}
