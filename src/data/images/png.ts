import { once } from 'node:events';
import { constants, crc32, deflateSync, inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { CyclopsError } from '../../gpu/errors.ts';
import { checkSize } from './limits.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const SIGNATURE_BYTES = SIGNATURE.length;
const GRAY = 0;
const RGB = 2;
/** Samples a pixel of each colour type. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

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

/** Encodes gray or RGB pixels [height, width, channels] of 8 or 16 bits as a PNG file. The same pixels give the same bytes. */
export function encodePng(width: number, height: number, channels: 1 | 3, pixels: Uint8Array | Uint16Array): Buffer {
  const options = optionsFor(channels, pixels);
  const png = new PNG({ width, height });
  png.data = bytesOf(pixels);
  return PNG.sync.write(png, options);
}

/** The same bytes, compressed by another thread, which takes most of the time: for large pictures, and where somebody waits. */
export async function encodePngAsync(
  width: number,
  height: number,
  channels: 1 | 3,
  pixels: Uint8Array | Uint16Array,
): Promise<Buffer> {
  const png = new PNG({ width, height, ...optionsFor(channels, pixels) });
  png.data = bytesOf(pixels);
  const parts: Buffer[] = [];
  png.on('data', (part: Buffer) => parts.push(part));
  const ended = once(png, 'end');
  png.pack();
  await ended;
  // Signature, header, pixels in as many chunks as it took, and the end. The pixels become one chunk.
  const [start, compressed, end] = [parts.slice(0, 2), parts.slice(2, -1), parts.slice(-1)];
  const content = Buffer.concat(compressed.map((chunk) => chunk.subarray(8, -4)));
  return Buffer.concat([...start, writeChunk({ type: 'IDAT', content }), ...end]);
}

/** A chunk of text that says by which program a file was made, as the PNG specification names it. */
const SIGNED = writeChunk({ type: 'tEXt', content: Buffer.from('Software\0Cyclops', 'latin1') });
/** Where the chunk of the header ends. */
const HEADER_END = SIGNATURE_BYTES + 25;

/** A PNG file that says who made it, by which {@link isSignedPng} knows it again. */
export function signPng(png: Buffer): Buffer {
  return Buffer.concat([png.subarray(0, HEADER_END), SIGNED, png.subarray(HEADER_END)]);
}

/** Bytes at the beginning of a file that tell whether it is signed. */
export const SIGNED_BYTES = HEADER_END + SIGNED.length;

/** @param beginning of a file, of any format */
export function isSignedPng(beginning: Uint8Array): boolean {
  return SIGNED.equals(beginning.subarray(HEADER_END, SIGNED_BYTES));
}

function optionsFor(channels: 1 | 3, pixels: Uint8Array | Uint16Array) {
  const colorType = channels === 1 ? GRAY : RGB;
  const bitDepth = pixels instanceof Uint8Array ? 8 : 16;
  return { colorType, inputColorType: colorType, inputHasAlpha: false, deflateStrategy: 0, bitDepth } as const;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

interface Chunk {
  type: string;
  content: Uint8Array;
}

/** A PNG file whose chunks are whole. */
export interface PngFile {
  chunks: Chunk[];
  width: number;
  height: number;
  /** More than one where it is animated. */
  frames: number;
}

/**
 * Walks the chunks of a PNG file and compares their checksums, so that a fault is told in the user's words, and before its pixels take memory.
 *
 * @param source for messages @throws CyclopsError that names it and what is wrong
 */
export function examinePng(bytes: Uint8Array, source: string): PngFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let offset = SIGNATURE_BYTES; ; ) {
    if (offset + 12 > file.length) throw truncated(source, file.length);
    const length = file.readUInt32BE(offset);
    const type = file.toString('latin1', offset + 4, offset + 8);
    const end = offset + 12 + length;
    if (chunks.length === 0 && (type !== 'IHDR' || length !== 13))
      throw damagedPng(source, 'it does not begin with a header of 13 bytes');
    if (end > file.length) throw truncated(source, file.length);
    if (crc32(file.subarray(offset + 4, end - 4)) !== file.readUInt32BE(end - 4))
      throw damagedPng(source, `the checksum of its ${JSON.stringify(type)} chunk at byte ${offset} does not fit`);
    chunks.push({ type, content: file.subarray(offset + 8, end - 4) });
    if (type === 'IEND') break;
    offset = end;
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  checkSize(source, width, height);
  // Of the frames of an animated PNG readers that do not know of them take the first.
  const animation = chunks.find(({ type, content }) => type === 'acTL' && content.length >= 4);
  return { chunks, width, height, frames: animation ? Buffer.from(animation.content).readUInt32BE(0) : 1 };
}

/**
 * A PNG file whose compressed pixels are all there, but end without their checksum, made whole: libpng refuses it where most viewers show it.
 *
 * @returns null where pixels are missing
 */
export function completedPng({ chunks }: PngFile): Buffer | null {
  const needed = scanlineBytes(Buffer.from(chunks[0]?.content ?? []));
  const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ content }) => content));
  let scanlines: Buffer;
  try {
    scanlines = inflateSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: needed });
  } catch {
    return null;
  }
  if (scanlines.length !== needed) return null;
  const others = chunks.filter(({ type }) => type !== 'IDAT' && type !== 'IEND');
  const pixels = { type: 'IDAT', content: deflateSync(scanlines, { level: 1 }) };
  const written = [...others, pixels, { type: 'IEND', content: new Uint8Array() }].map(writeChunk);
  return Buffer.concat([SIGNATURE, ...written]);
}

export function damagedPng(source: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${source} is a damaged PNG file: ${reason}. Expected a complete image; copy or export the file again, or remove it.`,
  );
}

function truncated(source: string, length: number): CyclopsError {
  return damagedPng(source, `it ends after ${length} bytes, before its end mark`);
}

function writeChunk({ type, content }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** Bytes of the inflated data: a filter byte before each row, in each pass that has pixels. */
function scanlineBytes(header: Buffer): number {
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const bitsPerPixel = (SAMPLES[header[9] ?? 0] ?? 1) * (header[8] ?? 8);
  const passes = header[12] === 0 ? ([[0, 0, 1, 1]] as const) : ADAM7;
  return passes.reduce((sum, [x, y, stepX, stepY]) => {
    const columns = Math.max(0, Math.ceil((width - x) / stepX));
    const rows = Math.max(0, Math.ceil((height - y) / stepY));
    return columns === 0 ? sum : sum + rows * (1 + Math.ceil((columns * bitsPerPixel) / 8));
  }, 0);
}
