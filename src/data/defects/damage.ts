import type { RandomStream } from '../../tensor/random.ts';
import type { DecodedImage } from '../images/decoded-image.ts';
import { between, type DefectImage, logBetween, meanColour, toByte } from './defect-image.ts';
import { softMask } from './soft-mask.ts';

/** Which pixels damage covers: [height, width], 1 inside. */
type Shape = (image: DecodedImage, random: RandomStream) => Uint8Array;

/** What it makes of a channel of a pixel that it covers, in gray levels. */
type Filling = (image: DecodedImage, random: RandomStream) => (pixel: number, channel: number) => number;

/**
 * Damages an image where nobody has a real defect to show, or few: a scratch, a stain or a group of patches, which is darker or brighter than
 * its ground, of a piece of the image that was turned, or of another contrast and grain. What it is filled with differs from the ground, or
 * a network would learn that sound texture is a defect.
 *
 * Sources: Li et al., "CutPaste: Self-Supervised Learning for Anomaly Detection and Localization", CVPR 2021; Zavrtanik, Kristan, Skočaj,
 * "DRÆM – A Discriminatively Trained Reconstruction Embedding for Surface Anomaly Detection", ICCV 2021.
 */
export function damage(image: DecodedImage, random: RandomStream): DefectImage {
  const mask = drawn(SHAPES, random)(image, random);
  const colour = drawn(FILLINGS, random)(image, random);
  const weights = random.uniform() < SHARP ? Float32Array.from(mask) : softMask(mask, image);
  const { channels } = image;
  const pixels = image.pixels.map((own, at) => {
    const pixel = Math.floor(at / channels);
    const weight = weights[pixel] ?? 0;
    return weight === 0 ? own : toByte(own + weight * (colour(pixel, at % channels) - own));
  });
  return { image: { ...image, pixels }, mask };
}

const SHAPES: readonly Shape[] = [scratch, stain, patches];
const FILLINGS: readonly Filling[] = [shifted, turned, coarsened];
/** So much of the damage has a sharp edge. */
const SHARP = 0.3;

function drawn<Kind>(kinds: readonly Kind[], random: RandomStream): Kind {
  const kind = kinds[random.integer(kinds.length)];
  if (kind === undefined) throw new RangeError('There is no kind of damage to draw.');
  return kind;
}

/** A line one to three pixels wide that bends as it goes. */
function scratch(image: DecodedImage, random: RandomStream): Uint8Array {
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
  return mask;
}

/** A blob bounded by a smooth random curve, from a pixel or two to an eighth of the image in radius, small ones as often as large. */
function stain(image: DecodedImage, random: RandomStream): Uint8Array {
  const { width, height } = image;
  const size = logBetween(random, 1.2, Math.max(1.2, Math.min(width, height) / 8));
  const [centreX, centreY] = [between(random, 0, width), between(random, 0, height)];
  const waves = Array.from({ length: 4 }, (_, k) => ({
    height: between(random, 0, 0.5) / (k + 1),
    phase: between(random, 0, 2 * Math.PI),
  }));
  const stretch = Math.exp(between(random, -0.6, 0.6));
  return covered(image, [centreX, centreY], (dx, dy) => {
    const [u, v] = [dx * stretch, dy / stretch];
    const angle = Math.atan2(v, u);
    const edge = waves.reduce((sum, wave, k) => sum + wave.height * Math.sin((k + 1) * angle + wave.phase), 1);
    return Math.hypot(u, v) < size * edge;
  });
}

/** A patch at a place and others around it: where a smooth random surface, which falls away from there, is about as high as there. */
function patches(image: DecodedImage, random: RandomStream): Uint8Array {
  const { width, height } = image;
  const side = Math.min(width, height);
  const surface = smoothSurface(image, between(random, side / 24, side / 5), random);
  const radius = between(random, side / 8, side / 3);
  const centre = [between(random, 0, width), between(random, 0, height)] as const;
  const level = surface(...centre) - between(random, 0.02, 0.4);
  return covered(image, centre, (dx, dy, x, y) => surface(x, y) - (dx * dx + dy * dy) / (radius * radius) > level);
}

/** Random values at the corners of cells of so many pixels, from −1 to 1, and smooth between them. */
function smoothSurface({ width, height }: DecodedImage, cell: number, random: RandomStream) {
  const across = Math.ceil(width / cell) + 1;
  const corners = Float32Array.from({ length: across * (Math.ceil(height / cell) + 1) }, () => between(random, -1, 1));
  const smooth = (t: number) => t * t * (3 - 2 * t);
  return (x: number, y: number): number => {
    const [left, top] = [Math.floor(x / cell), Math.floor(y / cell)];
    const [right, down] = [smooth(x / cell - left), smooth(y / cell - top)];
    const at = (column: number, line: number) => corners[line * across + column] ?? 0;
    const upper = at(left, top) + right * (at(left + 1, top) - at(left, top));
    const lower = at(left, top + 1) + right * (at(left + 1, top + 1) - at(left, top + 1));
    return upper + down * (lower - upper);
  };
}

/** The pixels, given as they lie from a centre and in the image, that `inside` names; that of the centre is always one. */
function covered(
  image: DecodedImage,
  [centreX, centreY]: readonly [number, number],
  inside: (dx: number, dy: number, x: number, y: number) => boolean,
): Uint8Array {
  const { width, height } = image;
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (inside(x - centreX, y - centreY, x, y)) mask[y * width + x] = 1;
  }
  mark(mask, image, Math.floor(centreX), Math.floor(centreY));
  return mask;
}

function mark(mask: Uint8Array, { width, height }: DecodedImage, x: number, y: number): void {
  if (x >= 0 && y >= 0 && x < width && y < height) mask[y * width + x] = 1;
}

/** Darker or brighter. */
function shifted({ pixels, channels }: DecodedImage, random: RandomStream) {
  const by = (random.integer(2) === 0 ? -1 : 1) * between(random, 20, 130);
  return (pixel: number, c: number) => (pixels[pixel * channels + c] ?? 0) + by;
}

/** Another place of the image, a quarter turned, half turned or upright, which is a little darker or brighter where it is not turned. */
function turned({ width, height, channels, pixels }: DecodedImage, random: RandomStream) {
  const [right, down] = [random.integer(width), random.integer(height)];
  const turns = random.integer(4);
  const most = turns === 0 ? 60 : 30;
  const least = turns === 0 ? 20 : 0;
  const by = (random.integer(2) === 0 ? -1 : 1) * between(random, least, most);
  return (pixel: number, c: number) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    // (x, y) after so many quarter turns.
    const u = [x, y, width - 1 - x, height - 1 - y][turns] ?? x;
    const v = [y, width - 1 - x, height - 1 - y, x][turns] ?? y;
    return (pixels[(((v + down) % height) * width + ((u + right) % width)) * channels + c] ?? 0) + by;
  };
}

/** Flat, of a third of the contrast or of almost twice as much, with grain, and darker or brighter. */
function coarsened(image: DecodedImage, random: RandomStream) {
  const { channels, pixels } = image;
  const means = meanColour(image, [...Array(image.width * image.height).keys()]);
  const contrast = [0, 0.3, 1.8][random.integer(3)] ?? 1;
  const grain = between(random, 0, 90);
  const by = between(random, -75, 75);
  return (pixel: number, c: number) => {
    const mean = means[c] ?? 0;
    const own = pixels[pixel * channels + c] ?? 0;
    return mean + contrast * (own - mean) + between(random, -grain, grain) + by;
  };
}
