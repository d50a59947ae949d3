import { CyclopsError } from '../../gpu/errors.ts';
import type { Size } from './level-memory.ts';
import { checkSize } from './limits.ts';
import type { ReadOptions, StoredImage } from './stored-image.ts';

const HEADER_BYTES = 34;
/** Of the header that all later ones begin with, and where masks stand behind it. */
const INFO_BYTES = 40;
const MASKS_AT = 14 + INFO_BYTES;
/** Where the number of the palette's colours stands. */
const PALETTE_SIZE_AT = 46;
/** The compression that is none: masks say which bits are red, green and blue. */
const BIT_FIELDS = 3;
/** These masks where the file gives none. */
const MASKS: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x3e0, 0x1f],
  32: [0xff0000, 0xff00, 0xff],
};
const WHITE = 255;

/** Texts may begin with BM too, but none has a byte 0, as there is in the size of the header that follows. */
export function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d && bytes[17] === 0 && bytes.length >= HEADER_BYTES;
}

/** The size that the header announces. @throws CyclopsError when it is beyond any photograph, or the file of a kind that is not read */
export function bmpSize(bytes: Uint8Array, source: string): Size {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const foreign = foreignKind(header);
  if (foreign) {
    throw new CyclopsError(
      `${source} is a BMP file of a kind that is not read: ${foreign}. Save it as PNG, or as BMP of 8 or 24 bits.`,
    );
  }
  // Rows lie from the bottom up, or, with a negative height, from the top down.
  const [width, height] = [header.readInt32LE(18), Math.abs(header.readInt32LE(22))];
  checkSize(source, width, height);
  return { width, height };
}

/** Reads a BMP file of 1 to 32 bits a pixel as RGB. @param source for messages @throws CyclopsError when it is damaged */
export async function readBmp(bytes: Uint8Array, source: string, { take }: ReadOptions): Promise<StoredImage> {
  const size = bmpSize(bytes, source);
  requireWhole(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), source, size);
  // A copy of the file, four samples a pixel, and three of them.
  await take?.(bytes.length + 7 * size.width * size.height);
  try {
    const { decode } = await loadLibrary();
    const { content, whites } = plainBmp(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const { width, height, data } = decode(content);
    const samples = new Uint8Array(3 * width * height);
    // It gives alpha, blue, green, red.
    for (let i = 0; i < samples.length; i++) {
      const sample = data[4 * Math.floor(i / 3) + 3 - (i % 3)] ?? 0;
      const white = whites[i % 3] ?? WHITE;
      samples[i] = white === WHITE ? sample : Math.floor((sample * WHITE) / white);
    }
    return { width, height, channels: 3, samples };
  } catch (error) {
    if (error instanceof CyclopsError) throw error;
    throw damaged(source, error instanceof Error ? error.message : `${error}`);
  }
}

function damaged(source: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${source} is a damaged BMP file, or one of a kind that is not read: ${reason}. ` +
      'Expected a complete image; copy or export the file again, or remove it.',
  );
}

/** @throws CyclopsError for a file that is cut off, or whose header says where nothing is */
function requireWhole(file: Buffer, source: string, { width, height }: Size): void {
  const [offset, bits] = [file.readUInt32LE(10), file.readUInt16LE(28)];
  const head = file.length < PALETTE_SIZE_AT + 4 ? PALETTE_SIZE_AT + 4 : headBytes(file);
  // Rows take multiples of four bytes; what fills up the last may be left out.
  const rowBytes = (columns: number) => Math.ceil((columns * bits) / 8);
  const pixels = 4 * Math.ceil(rowBytes(width) / 4) * (height - 1) + rowBytes(width);
  const end = Math.max(head, (offset === 0 ? head : offset) + pixels);
  if (end > file.length) throw damaged(source, `it has ${file.length} bytes, and ${end} by its header`);
}

/** Bytes of the header with masks and palette. */
function headBytes(file: Buffer): number {
  const headerBytes = file.readUInt32LE(14);
  const masks = headerBytes === INFO_BYTES && file.readUInt32LE(30) === BIT_FIELDS ? 12 : 0;
  return 14 + headerBytes + masks + 4 * paletteColours(file);
}

/** None where pixels are colours. */
function paletteColours(file: Buffer): number {
  const [bits, colours] = [file.readUInt16LE(28), file.readUInt32LE(PALETTE_SIZE_AT)];
  if (bits > 8) return 0;
  return colours === 0 ? 2 ** bits : Math.min(colours, 2 ** bits);
}

/** What bmp-ts 1.0.9 cannot read, or reads wrongly; null of all others. */
function foreignKind(header: Buffer): string | null {
  const [headerBytes, width] = [header.readUInt32LE(14), header.readInt32LE(18)];
  const [bits, compression] = [header.readUInt16LE(28), header.readUInt32LE(30)];
  if (![INFO_BYTES, 52, 56, 108, 124].includes(headerBytes)) return `its header has ${headerBytes} bytes, as of OS/2`;
  if (![1, 4, 8, 16, 24, 32].includes(bits)) return `${bits} bits a pixel`;
  if (compression !== 0 && !(compression === BIT_FIELDS && bits >= 16)) return `compressed (${compression})`;
  // Of these it loses what comes after the first line.
  return bits === 4 && width % 2 === 1 ? '4 bits a pixel and an odd width' : null;
}

/**
 * The file as bmp-ts expects it: pixels right behind masks and palette, wherever the file has them; no palette where none is needed; the
 * masks of the format where the file gives none.
 *
 * @returns also what bmp-ts makes of the largest red, green and blue
 */
function plainBmp(file: Buffer): { content: Buffer; whites: number[] } {
  const [offset, headerBytes] = [file.readUInt32LE(10), file.readUInt32LE(14)];
  const [bits, compression] = [file.readUInt16LE(28), file.readUInt32LE(30)];
  const head = Buffer.from(file.subarray(0, headBytes(file)));
  head.writeUInt32LE(paletteColours(file), PALETTE_SIZE_AT);
  const own = compression === BIT_FIELDS ? [0, 4, 8].map((at) => file.readUInt32LE(MASKS_AT + at)) : MASKS[bits];
  if (own && headerBytes > INFO_BYTES)
    for (const [i, mask] of own.entries()) head.writeUInt32LE(mask, MASKS_AT + 4 * i);
  return {
    content: Buffer.concat([head, file.subarray(offset === 0 ? head.length : offset)]),
    whites: (own ?? []).map(whiteOf),
  };
}

/** bmp-ts shifts samples of less than 8 bits to the left. */
function whiteOf(mask: number): number {
  const bits = [...mask.toString(2)].filter((digit) => digit === '1').length;
  return 256 - 2 ** Math.max(0, 8 - bits);
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
