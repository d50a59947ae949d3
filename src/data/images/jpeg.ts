import type { ByteImage } from './decoded-image.ts';
import { loadSharp } from './sharp.ts';

/**
 * Encodes an image as a JPEG file, colours at full resolution, so that edges of colour stay sharp. The same pixels give the same bytes.
 *
 * @param quality from 1 to 100, on the scale of libjpeg
 */
export async function encodeJpeg({ width, height, channels, pixels }: ByteImage, quality: number): Promise<Buffer> {
  const sharp = await loadSharp();
  const image = sharp(pixels, { raw: { width, height, channels } });
  return (channels === 1 ? image.toColourspace('b-w') : image).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
}
