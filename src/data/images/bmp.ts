import { CyclopsError } from '../../gpu/errors.ts';
import { checkSize } from './limits.ts';
import type { StoredImage } from './stored-image.ts';

const HEADER_BYTES = 34;

export function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d && bytes.length >= HEADER_BYTES;
}

/** The size that the header announces. @throws CyclopsError when it is beyond any photograph */
export function bmpSize(bytes: Uint8Array, source: string): { width: number; height: number } {
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  // Rows lie from the bottom up, or, with a negative height, from the top down.
  const [width, height] = [header.getInt32(18, true), Math.abs(header.getInt32(22, true))];
  checkSize(source, width, height);
  return { width, height };
}

/** Reads a BMP file of 1 to 32 bits a pixel as RGB. @param source for messages @throws CyclopsError when it is damaged */
export async function readBmp(bytes: Uint8Array, source: string): Promise<StoredImage> {
  const { width: across } = bmpSize(bytes, source);
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Of these bmp-ts 1.0.9 loses what comes after the first line.
  if (content.readUInt16LE(28) === 4 && content.readUInt32LE(30) === 0 && across % 2 === 1) {
    throw new CyclopsError(
      `${source} is a BMP file of a kind that is not read: 4 bits a pixel and an odd width. Save it as PNG, or as BMP of 8 or 24 bits.`,
    );
  }
  try {
    const { decode } = await loadLibrary();
    const { width, height, data } = decode(content);
    const samples = new Uint8Array(3 * width * height);
    // It gives alpha, blue, green, red.
    for (let i = 0; i < samples.length; i++) samples[i] = data[4 * Math.floor(i / 3) + 3 - (i % 3)] ?? 0;
    return { width, height, channels: 3, samples };
  } catch (error) {
    if (error instanceof CyclopsError) throw error;
    throw new CyclopsError(
      `${source} is a damaged BMP file, or one of a kind that is not read: ${error instanceof Error ? error.message : error}. ` +
        'Expected a complete image; copy or export the file again, or remove it.',
    );
  }
}

/** Loaded when the first such image comes, as sharp is. */
async function loadLibrary(): Promise<typeof import('bmp-ts')> {
  try {
    return await import('bmp-ts');
  } catch {
    throw new CyclopsError(
      'BMP files are read by the package bmp-ts, which is not installed. Install it: npm install bmp-ts.',
    );
  }
}
