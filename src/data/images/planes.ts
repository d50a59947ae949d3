import { type DecodedImage, pixelsLike } from './decoded-image.ts';
import { contrastOver, inDeviations, localContrast, meansOver } from './local-contrast.ts';

/** What networks can see of a gray image in place of red, green and blue. */
export const PLANES = ['near', 'wide', 'whole', 'mirror'] as const;
export type Plane = (typeof PLANES)[number];
export type Planes = readonly [Plane, Plane, Plane];

/** One of so many parts of the shorter side is the radius of what a plane is evened out over. */
export const PLANE_PARTS = { near: 8, wide: 3, whole: 1 } as const;
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
  const shown = planes.map((plane) =>
    plane === 'mirror' ? lessItsMirrorImage(image) : localContrast(image, PLANE_PARTS[plane]),
  );
  const pixels = pixelsLike(image.pixels, 3 * image.pixels.length);
  shown.forEach((plane, channel) => {
    plane.pixels.forEach((value, i) => {
      pixels[3 * i + channel] = value;
    });
  });
  return { ...image, channels: 3, pixels };
}

function lessItsMirrorImage(image: DecodedImage): DecodedImage {
  const { width, pixels } = image;
  const means = meansOver(new Float32Array(pixels), image, MIRROR_PARTS);
  const difference = means.map((mean, i) => mean - (means[i - 2 * (i % width) + width - 1] ?? 0));
  return inDeviations(image, difference, contrastOver(image, PLANE_PARTS.whole).variances);
}
