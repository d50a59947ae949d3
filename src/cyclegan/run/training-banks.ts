import { damage } from '../../data/defects/damage.ts';
import { type DefectImage, pixelsInside } from '../../data/defects/defect-image.ts';
import { cutOut, transplant } from '../../data/defects/transplant.ts';
import { type BankOptions, ImageBank } from '../../data/images/bank.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { defectPixels } from '../../data/images/defect-pixels.ts';
import type { Overflow } from '../../data/images/level-memory.ts';
import type { Device } from '../../gpu/device.ts';
import { RandomStream } from '../../tensor/random.ts';
import { channelsOfFiles, isEvenedOut, smallSide, type TrainingConfig } from '../config.ts';
import type { ImageCounts, SmallCopies } from '../sampler.ts';

/** The two domains' training images. */
export interface Banks {
  /** Abnormal. */
  a: ImageBank;
  /** Normal. */
  b: ImageBank;
  /** How many images of `a` are real, how many after them were made from normal ones, and how many `b` has; without smaller copies. */
  counts: Required<ImageCounts>;
  /** Of each image of `a` the pixels y · loadSize + x of which crops shall hold one; null for crops anywhere. */
  defects: readonly (Uint32Array | null)[];
  /** Smaller copies, which stand after all other images of `a`, `b` and `masks`, in the same order; null for none. */
  small: SmallCopies | null;
  /** Of each image that was made, the index of the one of `b` that it was made of. */
  sources: readonly number[];
  /** Where the defects of each image of `a` are, white on black, and gray where nobody knows; null where nobody asks. */
  masks: ImageBank | null;
  /** Whether nobody knows where the defects of some images of `a` are. */
  unmasked: boolean;
}

/** Of the defects that are made; 0 to 4 belong to networks and pools, those from 16 on to epochs. */
const DEFECT_STREAM = 5;

/** The images of one domain as networks see them. */
export interface LoadedImages {
  bank: ImageBank;
  /** The same as they are, where light and contrast are evened out and defects are cut from them or laid on them; else null. */
  bare: ImageBank | null;
}

/** Uploads the images of one domain, as they come. */
export async function loadImages(
  device: Device,
  label: 'abnormal' | 'normal',
  images: Iterable<DecodedImage> | AsyncIterable<DecodedImage>,
  config: TrainingConfig,
  options: BankOptions,
): Promise<LoadedImages> {
  const { transplants, damage: damages } = config;
  const uses = transplants + (label === 'normal' ? damages : 0);
  if (uses === 0 || !isEvenedOut(config)) return { bank: await ImageBank.create(device, images, options), bare: null };
  const { loadSize, overflow } = options;
  const bare = new ImageBank(device, { channels: channelsOfFiles(config), loadSize, ...(overflow && { overflow }) });
  return { bank: await ImageBank.create(device, alsoInto(bare, images), options), bare };
}

async function* alsoInto(bank: ImageBank, images: Iterable<DecodedImage> | AsyncIterable<DecodedImage>) {
  for await (const image of images) {
    await bank.take(image);
    yield image;
  }
}

/**
 * Completes the banks of a training: images with defects that are made of normal ones, and masks. The same configuration and images
 * give the same ones.
 *
 * @param images those of both domains, all at the load size, and the pixels of the abnormal ones' defects where they are known; what is
 * bare is disposed of
 * @param overflow where masks lie that are too many for the device
 */
export async function makeBanks(
  device: Device,
  { a, b, bare, defects }: Pick<Banks, 'a' | 'b' | 'defects'> & { bare?: Record<'a' | 'b', ImageBank | null> },
  config: TrainingConfig,
  overflow?: Overflow,
): Promise<Banks> {
  const { loadSize, transplants, damage: damages, cropDefects, netD, seed } = config;
  const real = { a: a.count, b: b.count };
  const random = new RandomStream(seed, DEFECT_STREAM);
  const known = [...defects];
  const sources: number[] = [];
  const cut = transplants > 0 ? await cutOutAll(bare?.a ?? a, known, loadSize) : [];
  for (let index = 0; index < real.b && cut.length + damages > 0; index++) {
    const ground = await (bare?.b ?? b).image(index);
    const add = async ({ image, mask }: DefectImage) => {
      const inside = pixelsInside(mask);
      if (inside.length === 0) return;
      await (bare?.b ? a.take(image) : a.append(image));
      known.push(inside);
      sources.push(index);
    };
    for (let k = 0; k < transplants; k++) {
      const defect = cut[random.integer(Math.max(1, cut.length))];
      if (defect) await add(transplant(ground, defect, random));
    }
    for (let k = 0; k < damages; k++) await add(damage(ground, random));
  }
  for (const bank of [bare?.a, bare?.b]) bank?.dispose();
  const counts = { ...real, made: a.count - real.a };
  const side = smallSide(config);
  const shrunk = side < loadSize ? known.map((pixels) => pixels && shrunkTo(side, pixels, loadSize)) : [];
  if (side < loadSize) for (const bank of [a, b]) await appendSmaller(bank, side);
  const labels = [
    ...known.map((pixels) => ({ pixels, side: loadSize })),
    ...shrunk.map((pixels) => ({ pixels, side })),
  ];
  return {
    ...{ a, b, counts, sources },
    defects: cropDefects ? known : [],
    small: side < loadSize ? { side, defects: cropDefects ? shrunk : [] } : null,
    masks: netD === 'unet' ? await maskBank(device, labels, overflow) : null,
    unmasked: known.includes(null),
  };
}

async function appendSmaller(bank: ImageBank, side: number): Promise<void> {
  const { count } = bank;
  for (let index = 0; index < count; index++) {
    await bank.appendCopy(index, { width: side, height: side });
  }
}

/** The pixels of a smaller image that those of a larger one touch. */
function shrunkTo(side: number, pixels: Uint32Array, from: number): Uint32Array | null {
  return defectPixels({ width: from, height: from, inside: maskOf(pixels, from) }, side);
}

async function cutOutAll(bank: ImageBank, defects: readonly (Uint32Array | null)[], side: number) {
  const found = [];
  for (const [index, pixels] of defects.entries()) {
    const defect = pixels && cutOut(await bank.image(index), maskOf(pixels, side));
    if (defect) found.push(defect);
  }
  return found;
}

function maskOf(pixels: Uint32Array, side: number): Uint8Array {
  const mask = new Uint8Array(side * side);
  for (const pixel of pixels) mask[pixel] = 1;
  return mask;
}

/** Where nobody said where the defect is, the mask is gray, which becomes about 0. */
function maskBank(
  device: Device,
  labels: readonly { pixels: Uint32Array | null; side: number }[],
  overflow: Overflow | undefined,
): Promise<ImageBank> {
  // One after another, so that they need not all fit the host's memory.
  function* images(): Generator<DecodedImage> {
    for (const { pixels, side } of labels) {
      const mask = pixels ? maskOf(pixels, side).map((inside) => 255 * inside) : new Uint8Array(side * side).fill(128);
      yield { width: side, height: side, channels: 1, pixels: mask };
    }
  }
  return ImageBank.create(device, images(), { channels: 1, loadSize: null, ...(overflow && { overflow }) });
}
