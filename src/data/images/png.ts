import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { CyclopsError } from '../../gpu/errors.ts';
import { crc32 } from '../files/crc32.ts';
import type { DecodedImage } from './decoded-image.ts';

import { checkSize } from './limits.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const GRAY = 0;
const RGB = 2;
const GRAY_ALPHA = 4;

/** Samples a pixel and allowed bit depths for each colour type of the PNG specification. */
const COLOR_TYPES: Record<number, { samples: number; depths: number[] }> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** Adam7: first column and row of each pass, and the steps between its columns and rows. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Header {
  width: number;
  height: number;
  colorType: number;
  bitsPerPixel: number;
  interlaced: boolean;
}

interface Chunks {
  header: Header;
  /** Signature and critical chunks, without transparency, gamma, texts and whatever follows the end. */
  essential: Buffer;
  /** The compressed pixels. */
  data: Buffer;
}

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length));
}

/**
 * Decodes a PNG file to 8 bits; see `decodeImage` for what becomes of depth and alpha. Chunks are walked and checked
 * here, so that a fault is told in the user's words and memory is bounded by what the header honestly needs; pngjs
 * inflates and unpacks.
 *
 * @param path for messages
 */
export function decodePng(bytes: Buffer, path: string): DecodedImage {
  const { header, essential, data } = readChunks(bytes, path);
  const { width, height, colorType } = header;
  const rawBytes = scanlineBytes(header);
  // Deflate cannot shrink below 1/1032: what is smaller cannot hold the image that the header announces.
  if (data.length * 1032 < rawBytes) {
    throw damaged(path, `its ${data.length} compressed bytes cannot hold ${width} × ${height} pixels`);
  }
  let rgba: Buffer;
  try {
    // pngjs overlooks faults of the compressed data and, for interlaced images, has no bound for them.
    const { length } = inflateSync(data, { maxOutputLength: rawBytes });
    if (length !== rawBytes) throw new Error(`${length} bytes instead of ${rawBytes}`);
    rgba = PNG.sync.read(essential, { checkCRC: false }).data;
  } catch (error) {
    throw damaged(path, `its pixels cannot be unpacked (${error instanceof Error ? error.message : error})`);
  }

  const channels = colorType === GRAY || colorType === GRAY_ALPHA ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  for (let from = 0, to = 0; to < pixels.length; from += 4) {
    for (let channel = 0; channel < channels; channel++) pixels[to++] = rgba[from + channel] ?? 0;
  }
  return { width, height, channels, pixels };
}

/** Encodes 8-bit gray or RGB pixels [height, width, channels] as a PNG file. The same pixels give the same bytes. */
export function encodePng(width: number, height: number, channels: 1 | 3, pixels: Uint8Array): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const colorType = channels === 1 ? GRAY : RGB;
  return PNG.sync.write(png, { colorType, inputColorType: colorType, inputHasAlpha: false, deflateStrategy: 0 });
}

function readChunks(bytes: Buffer, path: string): Chunks {
  const essential: Buffer[] = [SIGNATURE];
  const data: Buffer[] = [];
  let header: Header | undefined;
  let offset = SIGNATURE.length;
  for (;;) {
    if (offset + 12 > bytes.length) throw truncated(path, bytes.length);
    const length = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    const end = offset + 12 + length;
    if (!header && (type !== 'IHDR' || length !== 13))
      throw damaged(path, 'it does not begin with a header of 13 bytes');
    if (end > bytes.length) throw truncated(path, bytes.length);
    if (crc32(bytes.subarray(offset + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw damaged(path, `the checksum of its ${JSON.stringify(type)} chunk at byte ${offset} does not fit`);
    }
    const content = bytes.subarray(offset + 8, end - 4);
    // An upper-case first letter marks a chunk that is needed to show the image.
    if (/^[A-Z]/.test(type)) essential.push(bytes.subarray(offset, end));
    header ??= readHeader(content, path);
    if (type === 'IDAT') data.push(content);
    if (type === 'IEND') return { header, essential: Buffer.concat(essential), data: Buffer.concat(data) };
    offset = end;
  }
}

function readHeader(content: Buffer, path: string): Header {
  const [width, height] = [content.readUInt32BE(0), content.readUInt32BE(4)];
  const [depth = 0, colorType = 0, , , interlace = 0] = content.subarray(8);
  checkSize(path, width, height);
  const format = COLOR_TYPES[colorType];
  if (!format?.depths.includes(depth)) {
    throw damaged(path, `its header announces colour type ${colorType} with ${depth} bits, which PNG does not have`);
  }
  return { width, height, colorType, bitsPerPixel: format.samples * depth, interlaced: interlace !== 0 };
}

/** Bytes of the inflated data: a filter byte before each row, in each pass that has pixels. */
function scanlineBytes({ width, height, bitsPerPixel, interlaced }: Header): number {
  const passes = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return passes.reduce((sum, [x, y, stepX, stepY]) => {
    const columns = Math.max(0, Math.ceil((width - x) / stepX));
    const rows = Math.max(0, Math.ceil((height - y) / stepY));
    return columns === 0 ? sum : sum + rows * (1 + Math.ceil((columns * bitsPerPixel) / 8));
  }, 0);
}

function truncated(path: string, length: number): CyclopsError {
  return damaged(path, `it ends after ${length} bytes, before its end mark`);
}

function damaged(path: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${path} is a damaged PNG file: ${reason}. Expected a complete image; copy or export the file again, or remove it.`,
  );
}
