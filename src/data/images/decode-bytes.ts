import { CyclopsError } from '../../gpu/errors.ts';
import type { DecodedImage } from './decoded-image.ts';
import { decodeJpeg, isJpeg } from './jpeg.ts';
import { decodePng, isPng } from './png.ts';

/**
 * Decodes the bytes of an image file. The content decides about the format.
 * - PNG of 1 to 16 bits, gray, RGB or palette, with or without alpha, interlaced or not. 16 bits become 8 by v / 257,
 *   rounded; fewer bits are stretched to 0…255. Alpha is dropped and the stored colour kept, as PIL's convert('RGB') does.
 * - JPEG, baseline and progressive, gray or colour.
 *
 * @param source for messages, such as a path @throws CyclopsError that names it and what is wrong
 */
export function decodeBytes(bytes: Uint8Array, source: string): DecodedImage {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isPng(buffer)) return decodePng(buffer, source);
  if (isJpeg(buffer)) return decodeJpeg(buffer, source);
  const came = buffer.length === 0 ? 'it is empty (0 bytes)' : `it begins with ${preview(buffer)}`;
  throw new CyclopsError(
    `${source} is not an image: the content of a PNG or JPEG file was expected, but ${came}. ` +
      'Replace or remove the file; other formats have to be converted first.',
  );
}

/** The first bytes for a message: as text where they are text, else in hexadecimal. */
function preview(bytes: Buffer): string {
  const start = bytes.subarray(0, 12);
  const isText = start.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText
    ? `the text '${start.toString('latin1')}'`
    : `the bytes ${start.toString('hex').replace(/..(?=.)/g, '$& ')}`;
}
