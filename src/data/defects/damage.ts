import type { RandomStream } from '../../tensor/random.ts';
import type { DecodedImage } from '../images/decoded-image.ts';
import { between, type DefectImage, toByte } from './defect-image.ts';
import { softMask } from './soft-mask.ts';

/** A kind of damage: which pixels it covers, and what it makes of them. */
type Kind = (image: DecodedImage, random: RandomStream) => DefectImage;

/**
 * Damages an image where nobody has a real defect to show: a scratch, a stain of an irregular shape, or a piece of the image that was moved.
 *
 * Sources: Li et al., "CutPaste: Self-Supervised Learning for Anomaly Detection and Localization", CVPR 2021; Zavrtanik, Kristan, Skočaj,
 * "DRÆM – A Discriminatively Trained Reconstruction Embedding for Surface Anomaly Detection", ICCV 2021.
 */
export function damage(image: DecodedImage, random: RandomStream): DefectImage {
  const kind = KINDS[random.integer(KINDS.length)] ?? scratch;
  return kind(image, random);
}

const KINDS: readonly Kind[] = [scratch, stain, movedPiece];

/** A line one to three pixels wide that bends as it goes, darker or brighter than what it crosses. */
function scratch(image: DecodedImage, random: RandomStream): DefectImage {
  const { width, height } = image;
  const side = Math.min(width, height);
  const mask = new Uint8Array(width * height);
  const wide = 1 + random.integer(3);
  const length = between(random, side / 12, side / 2);
  let [x, y] = [between(random, 0, width), between(random, 0, height)];
  let angle = between(random, 0, 2 * Math.PI);
  const bend = between(random, -0.08, 0.08);
  for (let step = 0; step < length; step++) {
    for (let v = 0; v < wide; v++) {
      for (let u = 0; u < wide; u++) mark(mask, image, Math.floor(x) + u, Math.floor(y) + v);
    }
    x += Math.cos(angle);
    y += Math.sin(angle);
    angle += bend + between(random, -0.2, 0.2);
  }
  return { image: shifted(image, mask, strengthOf(random)), mask };
}

/** A blob bounded by a smooth random surface: shifted in brightness, or filled from elsewhere in the image. */
function stain(image: DecodedImage, random: RandomStream): DefectImage {
  const { width, height } = image;
  const size = between(random, 0.03, 0.15) * Math.min(width, height);
  const [centreX, centreY] = [between(random, 0, width), between(random, 0, height)];
  const waves = Array.from({ length: 4 }, (_, k) => ({
    height: between(random, 0, 0.5) / (k + 1),
    phase: between(random, 0, 2 * Math.PI),
  }));
  const stretch = Math.exp(between(random, -0.6, 0.6));
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [(x - centreX) * stretch, (y - centreY) / stretch];
      const angle = Math.atan2(dy, dx);
      const edge = waves.reduce((sum, wave, k) => sum + wave.height * Math.sin((k + 1) * angle + wave.phase), 1);
      if (Math.hypot(dx, dy) < size * edge) mask[y * width + x] = 1;
    }
  }
  mark(mask, image, Math.floor(centreX), Math.floor(centreY));
  if (random.integer(2) === 0) return { image: shifted(image, mask, strengthOf(random)), mask };
  return { image: moved(image, mask, [random.integer(width), random.integer(height)], between(random, 0.4, 1)), mask };
}

/** A rectangle that shows another place of the image, a little brighter or darker. */
function movedPiece(image: DecodedImage, random: RandomStream): DefectImage {
  const { width, height } = image;
  const extent = (side: number) => 3 + random.integer(Math.max(1, Math.floor(side / 5)));
  const [w, h] = [extent(width), extent(height)];
  const [left, top] = [random.integer(Math.max(1, width - w)), random.integer(Math.max(1, height - h))];
  const mask = new Uint8Array(width * height);
  for (let y = top; y < top + h; y++) for (let x = left; x < left + w; x++) mark(mask, image, x, y);
  const from = moved(image, mask, [random.integer(width), random.integer(height)], 1);
  return { image: shifted(from, mask, between(random, -25, 25)), mask };
}

function mark(mask: Uint8Array, { width, height }: DecodedImage, x: number, y: number): void {
  if (x >= 0 && y >= 0 && x < width && y < height) mask[y * width + x] = 1;
}

/** In gray levels, of either sign. */
function strengthOf(random: RandomStream): number {
  return (random.integer(2) === 0 ? -1 : 1) * between(random, 20, 110);
}

/** Brighter by so many gray levels inside, with a soft edge. */
function shifted(image: DecodedImage, mask: Uint8Array, by: number): DecodedImage {
  return painted(image, mask, (own) => own + by, 1);
}

/** Inside, the image as it is so many pixels further right and down, around its borders. */
function moved(image: DecodedImage, mask: Uint8Array, [right, down]: [number, number], weight: number): DecodedImage {
  const { width, height, channels, pixels } = image;
  return painted(
    image,
    mask,
    (_, pixel, c) => {
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      return pixels[(((y + down) % height) * width + ((x + right) % width)) * channels + c] ?? 0;
    },
    weight,
  );
}

function painted(
  image: DecodedImage,
  mask: Uint8Array,
  colour: (own: number, pixel: number, channel: number) => number,
  weight: number,
): DecodedImage {
  const { channels } = image;
  const soft = softMask(mask, image);
  const pixels = image.pixels.map((own, at) => {
    const share = weight * (soft[Math.floor(at / channels)] ?? 0);
    return share === 0 ? own : toByte(own + share * (colour(own, Math.floor(at / channels), at % channels) - own));
  });
  return { ...image, pixels };
}
