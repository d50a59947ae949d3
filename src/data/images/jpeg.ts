import type { ByteImage } from './decoded-image.ts';
import type { Size } from './level-memory.ts';
import { loadSharp } from './sharp.ts';

/**
 * Encodes an image as a JPEG file, colours at full resolution, so that edges of colour stay sharp. The same pixels give the same bytes.
 *
 * @param quality from 1 to 100, on the scale of libjpeg
 * @param size to which it is resized before, without regard to its proportions; its own unless told otherwise
 */
export async function encodeJpeg(
  { width, height, channels, pixels }: ByteImage,
  quality: number,
  size: Size = { width, height },
): Promise<Buffer> {
  const sharp = await loadSharp();
  const image = sharp(pixels, { raw: { width, height, channels } }).resize({ ...size, fit: 'fill' });
  return (channels === 1 ? image.toColourspace('b-w') : image).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
}
