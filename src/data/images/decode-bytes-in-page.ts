/** Decodes image files in a page: what the browser can show, in 8 bits a value. */
import { CyclopsError } from '../../gpu/errors.ts';
import type { DecodedImage } from './decoded-image.ts';
import { seenOtherwise } from './in-page-limits.ts';
import { toLevels, type ValueRange } from './value-range.ts';

/**
 * The image turned as its Exif orientation says, its colour profile left aside, as `decodeBytes` does in Node. A browser keeps 8 bits of each
 * value. What it would see otherwise than Node does is refused.
 *
 * @param source for messages @throws CyclopsError that names it
 */
export async function decodeBytes(
  bytes: Uint8Array,
  source: string,
  range: ValueRange = 'full',
): Promise<DecodedImage> {
  if (range !== 'full' && range.max > 255) {
    throw new CyclopsError(
      `${source} cannot be judged in a page: a browser keeps 8 bits of each value, and the model takes values from ${range.min} to ${range.max}. ` +
        "Judge it with 'cyclops score', or give its samples as { width, height, channels, pixels }.",
    );
  }
  const otherwise = seenOtherwise(bytes);
  if (otherwise !== null) throw notAsInNode(source, otherwise);
  const { width, height, data } = await pixelsOf(bytes, source);
  if (data.some((value, i) => i % 4 === 3 && value < 255)) {
    throw notAsInNode(source, 'parts of it are transparent, whose colours the browser does not keep');
  }
  // Gray stays gray, so that it takes the way of gray files.
  const isGray = data.every((value, i) => i % 4 === 0 || i % 4 === 3 || value === data[i - 1]);
  const samples = isGray ? data.filter((_, i) => i % 4 === 0) : data;
  return toLevels({ width, height, channels: isGray ? 1 : 4, samples: new Uint8Array(samples.buffer) }, range, source);
}

function notAsInNode(source: string, why: string): CyclopsError {
  return new CyclopsError(
    `${source} is not judged in a page, since ${why}. Convert it to a plain PNG or JPEG file, or judge it with 'cyclops score'.`,
  );
}

async function pixelsOf(bytes: Uint8Array, source: string): Promise<ImageData> {
  // A copy, since a Blob takes no shared memory.
  const blob = new Blob([new Uint8Array(bytes)]);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch {
    throw new CyclopsError(
      `${source} is not an image that this browser can read: PNG, JPEG, WebP, GIF and BMP are, and in some browsers AVIF and TIFF. Convert it.`,
    );
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context)
    throw new CyclopsError(`${source} cannot be read: the browser has no room for ${width} × ${height} pixels.`);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
