import type { HeatScale } from '../../anomaly/calibration/heatmap-scale.ts';
import type { ResultPictures } from '../../anomaly/detector/score-images.ts';
import type { Size } from '../../data/images/bank.ts';
import { type ByteImage, toByteImage } from '../../data/images/decoded-image.ts';
import { encodeJpeg } from '../../data/images/jpeg.ts';
import type { Mask } from '../../data/images/mask.ts';
import { encodePng } from '../../data/images/png.ts';
import { paintHeatmap } from './heatmap.ts';

/** A picture as a file that a page can hold. */
export interface Picture {
  type: 'image/jpeg' | 'image/png';
  width: number;
  height: number;
  bytes: Uint8Array;
}

/** The pictures of one image. */
export interface Pictures {
  /** The image as it was given, at the size of the others, where the networks saw it with light evened out. */
  photograph?: Picture;
  /** The image x as the networks saw it. */
  input: Picture;
  /** x̂ = G_a2n(x). */
  reconstruction: Picture;
  /** Painted by paintHeatmap, with the same scale for every image. */
  heatmap: Picture;
  /** Where the defect really is, where the data set says so. */
  mask?: Picture;
}

/** By the `file` of the evaluation's images. An image without an entry is listed without pictures. */
export type ReportPictures = ReadonlyMap<string, Pictures>;

/** At the size of a page no eye tells it from the original, and small hot spots of a heat map stay hot, as tests check. */
const QUALITY = 85;

/**
 * Encodes what a detector found in an image: JPEG, or PNG for a mask, which is smaller so and has two colours.
 *
 * @param scale of the heat map's colours
 * @param mask the true one, where it is known
 * @param isEvenedOut whether the networks saw the image with light evened out
 */
export async function encodePictures(
  { original, input, reconstruction, heatmap }: ResultPictures,
  scale: HeatScale,
  mask: Mask | null,
  isEvenedOut: boolean,
): Promise<Pictures> {
  const { width, height } = input;
  return {
    ...(isEvenedOut && { photograph: await jpeg(toByteImage(original), input) }),
    input: await jpeg(input),
    reconstruction: await jpeg(reconstruction),
    heatmap: await jpeg({ width, height, channels: 3, pixels: paintHeatmap(heatmap, width, height, scale) }),
    ...(mask && { mask: png(mask) }),
  };
}

/** How many bytes pictures take in a page, where they are text of 6 bits a letter. */
export function bytesInPage(pictures: Pictures): number {
  return Object.values<Picture>({ ...pictures }).reduce((sum, { bytes }) => sum + 4 * Math.ceil(bytes.length / 3), 0);
}

async function jpeg(image: ByteImage, { width, height }: Size = image): Promise<Picture> {
  return { type: 'image/jpeg', width, height, bytes: await encodeJpeg(image, QUALITY, { width, height }) };
}

function png({ width, height, inside }: Mask): Picture {
  const white = inside.map((marked) => 255 * marked);
  return { type: 'image/png', width, height, bytes: encodePng(width, height, 1, white) };
}
