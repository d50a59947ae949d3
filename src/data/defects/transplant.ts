import { CyclopsError } from '../../gpu/errors.ts';
import type { RandomStream } from '../../tensor/random.ts';
import type { DecodedImage } from '../images/decoded-image.ts';
import { between, type DefectImage, meanColour, pixelsInside, toByte } from './defect-image.ts';
import { grown, softMask } from './soft-mask.ts';

/** The defect is scaled by e^±this. */
const LOG_SCALE = 0.4;
/** How strongly it differs from what it is laid on, as a multiple of how it did where it was. */
const STRENGTH = [0.6, 1.3] as const;
/** Pixels this far around a defect show what it lies on. */
const SURROUNDINGS = 4;

/** A defect that can be laid on other images. */
export interface Transplant {
  readonly image: DecodedImage;
  readonly mask: Uint8Array;
  readonly soft: Float32Array;
  /** The pixels inside. */
  readonly inside: Uint32Array;
  /** The mean colour around it. */
  readonly ground: readonly number[];
}

/** Cuts the defects out of an image. @param mask [height, width], 1 inside @returns null where the mask marks nothing, or everything */
export function cutOut(image: DecodedImage, mask: Uint8Array): Transplant | null {
  const inside = pixelsInside(mask);
  const around = grown(mask, image, SURROUNDINGS);
  const near = grown(mask, image, 1);
  const ring = [...mask.keys()].filter((i) => around[i] && !near[i]);
  if (inside.length === 0 || ring.length === 0) return null;
  return { image, mask, soft: softMask(mask, image), inside, ground: meanColour(image, ring) };
}

/**
 * Lays the defect of one image on another of the same size: turned, mirrored, scaled, anywhere, in the light of the place where it comes to
 * lie, with a soft edge.
 *
 * Source: Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance Segmentation", CVPR 2021; with another light,
 * place and form.
 */
export function transplant(target: DecodedImage, defect: Transplant, random: RandomStream): DefectImage {
  const { width, height, channels } = target;
  const { image: source, mask: sourceMask, soft, inside, ground } = defect;
  if (source.width !== width || source.height !== height || source.channels !== channels) {
    throw new CyclopsError(
      `A defect is transplanted between images of one size; got ${source.width} × ${source.height} × ${source.channels} and ${width} × ${height} × ${channels}.`,
    );
  }
  const centre = inside[random.integer(inside.length)] ?? 0;
  const [fromX, fromY] = [centre % width, Math.floor(centre / width)];
  const [toX, toY] = [random.integer(width), random.integer(height)];
  const angle = between(random, 0, 2 * Math.PI);
  const scale = Math.exp(between(random, -LOG_SCALE, LOG_SCALE));
  const mirror = random.integer(2) === 0 ? 1 : -1;
  const strength = between(random, ...STRENGTH);
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];

  /** Of each pixel that is covered: which, how much, and where in the source it comes from. */
  const covered: { pixel: number; weight: number; x: number; y: number }[] = [];
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [mirror * (x - toX), y - toY];
      const [sx, sy] = [fromX + cos * dx - sin * dy, fromY + sin * dx + cos * dy];
      if (sx < 0 || sy < 0 || sx > width - 1 || sy > height - 1) continue;
      const weight = sample(soft, { width, channels: 1 }, sx, sy, 0);
      if (weight <= 0) continue;
      const pixel = y * width + x;
      covered.push({ pixel, weight, x: sx, y: sy });
      if (sourceMask[Math.round(sy) * width + Math.round(sx)]) mask[pixel] = 1;
    }
  }
  const here = meanColour(
    target,
    covered.map(({ pixel }) => pixel),
  );
  const pixels = new Uint8Array(target.pixels);
  for (const { pixel, weight, x, y } of covered) {
    for (let c = 0; c < channels; c++) {
      const at = pixel * channels + c;
      const own = target.pixels[at] ?? 0;
      const laid = sample(source.pixels, { width, channels }, x, y, c) - (ground[c] ?? 0) + (here[c] ?? 0);
      pixels[at] = toByte(own + weight * strength * (laid - own));
    }
  }
  return { image: { ...target, pixels }, mask };
}

/** Bilinear. @param x @param y inside the plane */
function sample(
  values: Uint8Array | Float32Array,
  { width, channels }: { width: number; channels: number },
  x: number,
  y: number,
  channel: number,
): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const at = (u: number, v: number) => values[(v * width + u) * channels + channel] ?? 0;
  const [right, bottom] = [fx > 0 ? left + 1 : left, fy > 0 ? top + 1 : top];
  return (
    (1 - fy) * ((1 - fx) * at(left, top) + fx * at(right, top)) +
    fy * ((1 - fx) * at(left, bottom) + fx * at(right, bottom))
  );
}
