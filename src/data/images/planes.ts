import { type DecodedImage, pixelsLike } from './decoded-image.ts';
import { type Contrast, contrastOver, inDeviations, meansOver } from './local-contrast.ts';

/** What networks can see of a gray image in place of red, green and blue. */
export const PLANES = ['near', 'wide', 'whole', 'mirror'] as const;
export type Plane = (typeof PLANES)[number];
export type Planes = readonly [Plane, Plane, Plane];

/** One of so many parts of the shorter side is the radius of what a plane is evened out over, or told in standard deviations of. */
export const PLANE_PARTS = { near: 8, wide: 3, whole: 1, mirror: 1 } as const;
/** The same of what is averaged before an image is compared with its mirror image, whose halves never match to the pixel. */
export const MIRROR_PARTS = 48;

/**
 * A gray image as three. What is small stands out where near surroundings are evened out; bands and shades, which that takes away too, are
 * left by wider ones. What has no counterpart on the other side of an image that is nearly symmetric stands out where its mirror image is
 * taken away, in standard deviations of the whole.
 *
 * @param image of one channel @returns of three
 */
export function asPlanes(image: DecodedImage, planes: Planes): DecodedImage {
  const contrasts: Record<number, Contrast> = {};
  const pixels = pixelsLike(image.pixels, 3 * image.pixels.length);
  planes.forEach((plane, channel) => {
    const parts = PLANE_PARTS[plane];
    contrasts[parts] ??= contrastOver(image, parts);
    const { excess, variances } = contrasts[parts];
    const shown = inDeviations(image, plane === 'mirror' ? lessMirrored(image) : excess, variances);
    shown.pixels.forEach((value, i) => {
      pixels[3 * i + channel] = value;
    });
  });
  return { ...image, channels: 3, pixels };
}

/** Each pixel less its counterpart on the other side, both averaged. */
function lessMirrored(image: DecodedImage): Float32Array {
  const { width, pixels } = image;
  const means = meansOver(new Float32Array(pixels), image, MIRROR_PARTS);
  return means.map((mean, i) => mean - (means[i - 2 * (i % width) + width - 1] ?? 0));
}
