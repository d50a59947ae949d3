import type { Metadata, Sharp, SharpConstructor } from 'sharp';
import { CyclopsError } from '../../gpu/errors.ts';
import { withFile } from '../files/file-bytes.ts';
import { readBytes, readPart } from '../files/read.ts';
import { gifFrameExtent } from './gif.ts';
import { jpegScans } from './jpeg-scans.ts';
import type { Size } from './level-memory.ts';
import { checkBytes, checkSize, decodedBytes, MAX_LARGE_PIXELS, MAX_PIXELS } from './limits.ts';
import { completedPng, examinePng, type PngFile } from './png.ts';
import type { ImageHeader, ReadOptions, SharpFormat, StoredImage } from './stored-image.ts';
import { missingOfTiff, pagesOfTiff, type ReadAt, tiffNumbers } from './tiff.ts';

let library: Promise<SharpConstructor> | undefined;

/** Loaded when the first image comes: who uses the engine alone need not have it. @throws CyclopsError when it is not installed */
export function loadSharp(): Promise<SharpConstructor> {
  library ??= import('sharp').then(
    ({ default: sharp }) => {
      // Each file is read once: what libvips keeps would only take memory.
      sharp.cache(false);
      return sharp;
    },
    (error: unknown) => {
      throw new CyclopsError(
        `Images are read by the package sharp, which cannot be loaded (${error instanceof Error ? error.message.split('\n')[0] : error}). ` +
          'Install it: npm install sharp.',
      );
    },
  );
  return library;
}

/** The format that the first bytes tell, or null. */
export function sharpFormat(bytes: Uint8Array): SharpFormat | null {
  const text = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (text.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'WebP';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'TIFF';
  if (/^ftypavi[fs]$/.test(text.slice(4, 12))) return 'AVIF';
  return /^GIF8[79]a/.test(text) ? 'GIF' : null;
}

/**
 * Reads a file by libvips (sharp). Gray stays gray, everything else becomes RGB; alpha is kept.
 *
 * @param source for messages @throws CyclopsError for a damaged file, one of several pages, or a size beyond any photograph
 */
export async function readBySharp(
  bytes: Uint8Array,
  format: SharpFormat,
  source: string,
  options: ReadOptions,
): Promise<StoredImage> {
  const sharp = await loadSharp();
  const png = format === 'PNG' ? examinePng(bytes, source) : null;
  const open = (content: Uint8Array, failOn: 'error' | 'warning' = 'error') =>
    sharp(content, { failOn, limitInputPixels: MAX_PIXELS, ignoreIcc: true, autoOrient: options.oriented });
  if (format === 'AVIF') requireCountable(bytes, source);
  if (format === 'GIF') requireWholeGif(bytes, source);
  if (format === 'JPEG') requireFewScans(bytes, source);
  const readAt: ReadAt = (start, length) => bytes.subarray(start, start + length);
  if (format === 'TIFF') requireWholeTiff(readAt, bytes.length, source);
  try {
    const metadata = (png && plainKind(png)) ?? (await sharp(bytes, UNLIMITED).metadata());
    const pages = png?.frames ?? (format === 'TIFF' ? pagesOfTiff(readAt, metadata.pages) : metadata.pages);
    checkImage({ ...metadata, pages }, source, format);
    await options.take?.(WORKING[format] * decodedBytes(extentOf(metadata)));
    if (format === 'TIFF') checkTiff(readAt, source, metadata);
    return await samplesOf(open(bytes, strictnessFor(format)), metadata).catch((error: unknown) => {
      const completed = png && completedPng(png);
      if (completed) return samplesOf(open(completed), metadata);
      if (isHarmless(error)) return samplesOf(open(bytes), metadata);
      throw error;
    });
  } catch (error) {
    if (error instanceof CyclopsError) throw error;
    throw damaged(source, format, error);
  }
}

/** How a header is read: our own limits tell the size that is beyond them. */
const UNLIMITED = { limitInputPixels: false } as const;

/** How many times its decoded bytes an image takes while it is decoded, by measurement: some decoders have all of it several times. */
const WORKING: Readonly<Record<SharpFormat, number>> = { PNG: 2, JPEG: 2, TIFF: 2, GIF: 2, WebP: 3, AVIF: 6 };

/** What a file's samples are, and how many; `pages` where it has several. */
type Kind = Pick<Metadata, 'space' | 'depth' | 'channels' | 'pages'>;

/** By the colour type of a PNG file of 8 bits. */
const PLAIN_KINDS: Readonly<Record<number, Pick<Kind, 'space' | 'channels'>>> = {
  0: { space: 'b-w', channels: 1 },
  2: { space: 'srgb', channels: 3 },
  4: { space: 'b-w', channels: 2 },
  6: { space: 'srgb', channels: 4 },
};

/**
 * What libvips says of a PNG file of 8 bits without a transparent colour, told by the header that was read already: to ask it takes a fifth of
 * the time that a small file needs. Null for other files.
 */
function plainKind({ chunks, width, height }: PngFile): (Kind & Size) | null {
  const [, , , , , , , , depth = 0, colours = 0] = chunks[0]?.content ?? [];
  const kind = PLAIN_KINDS[colours];
  const isPlain = depth === 8 && !chunks.some(({ type }) => type === 'tRNS');
  return kind && isPlain ? { ...kind, depth: 'uchar', pages: 1, width, height } : null;
}

/** Part of a picture: its upper left corner, and its size. */
export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Opens a file that is too large to be decoded at once, to read parts of it: the pixels above a part are decoded and left aside.
 *
 * @param head the first bytes of the file
 * @throws CyclopsError for a damaged file, and one of a kind that is not read so
 */
export async function partsBySharp(
  path: string,
  head: Uint8Array,
  format: SharpFormat,
): Promise<(part: Part) => Promise<StoredImage>> {
  const sharp = await loadSharp();
  const open = (failOn: 'error' | 'warning' = 'error') =>
    sharp(path, { failOn, limitInputPixels: MAX_LARGE_PIXELS, ignoreIcc: true, sequentialRead: true });
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CyclopsError) throw error;
      throw damaged(path, format, error);
    }
  };
  const metadata = await attempt(() => sharp(path, UNLIMITED).metadata());
  const { width, height, orientation = 1 } = metadata;
  const most = decodesAtOnce(format, metadata) ? MAX_PIXELS : MAX_LARGE_PIXELS;
  if (width * height > most)
    throw new CyclopsError(
      `${path} has ${width} × ${height} pixels; expected at most ${most} in all${most < MAX_LARGE_PIXELS ? ', since all of it is decoded at once' : ''}. Tile the image.`,
    );
  if (orientation !== 1)
    throw new CyclopsError(
      `${path} is to be turned, says its Exif, which is not done at ${width} × ${height} pixels. Turn its pixels.`,
    );
  const readAt: ReadAt = (start, length) => readPart(path, start, length);
  const pages = format === 'TIFF' ? pagesOfTiff(readAt, metadata.pages) : (framesOf(head, format) ?? metadata.pages);
  checkKind({ ...metadata, pages }, path, format);
  if (format === 'TIFF') checkTiff(readAt, path, metadata);
  if (format === 'JPEG' && metadata.isProgressive) requireFewScans(readBytes(path), path);
  const strictness = strictnessFor(format);
  return (part) =>
    attempt(() =>
      samplesOf(open(strictness).extract(part), metadata).catch((error: unknown) => {
        if (isHarmless(error)) return samplesOf(open().extract(part), metadata);
        throw error;
      }),
    );
}

/** Whether the decoder of a format has all pixels in memory, whatever part is asked for. */
function decodesAtOnce(format: SharpFormat, { isProgressive }: Metadata): boolean {
  return isProgressive || format === 'AVIF' || format === 'WebP' || format === 'GIF';
}

/** What the header of a file says. @param head its first bytes @throws CyclopsError for a damaged one */
export async function headerBySharp(path: string, head: Uint8Array, format: SharpFormat): Promise<ImageHeader> {
  const sharp = await loadSharp();
  if (format === 'AVIF') requireCountable(head, path);
  if (format === 'TIFF') {
    withFile(path, ({ size, read }) => {
      const readAt: ReadAt = (start, length) => {
        const from = Math.min(start, size);
        return read(from, Math.min(length, size - from));
      };
      requireWholeTiff(readAt, size, path);
    });
  }
  try {
    // Where its first bytes do not tell, as where a TIFF file's tags stand behind its pixels, libvips opens the file, once for each format it knows.
    const ofHead = sharp(head, UNLIMITED).metadata();
    const metadata = await ofHead.catch(() => sharp(path, UNLIMITED).metadata());
    const { bits, channels } = extentOf(metadata);
    return { ...metadata.autoOrient, bits, channels, format };
  } catch (error) {
    throw damaged(path, format, error);
  }
}

/** More pixels a side than libvips counts, and bytes that hold what an AVIF file says of them. */
const [BEYOND_COUNT, META_BYTES] = [1e8, 2 ** 16];

/** Of such an AVIF file libvips prints a message of its own, and goes on with one pixel. @throws CyclopsError for one */
function requireCountable(bytes: Uint8Array, source: string): void {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, META_BYTES));
  for (let at = head.indexOf('ispe'); at >= 0 && at + 16 <= head.length; at = head.indexOf('ispe', at + 4)) {
    const [width, height] = [head.readUInt32BE(at + 8), head.readUInt32BE(at + 12)];
    if (Math.max(width, height) >= BEYOND_COUNT)
      throw damaged(source, 'AVIF', `it announces ${width} × ${height} pixels`);
  }
}

/** @throws CyclopsError for a GIF file whose pixels are not all there */
function requireWholeGif(bytes: Uint8Array, source: string): void {
  const extent = gifFrameExtent(bytes);
  if (extent && extent.held < extent.announced)
    throw damaged(source, 'GIF', `it announces ${extent.announced} pixels and holds ${extent.held}`);
}

/** Ten times as many as encoders make. */
const MOST_SCANS = 100;

/** @throws CyclopsError for a JPEG file that takes far longer to decode than its size tells */
function requireFewScans(bytes: Uint8Array, source: string): void {
  const scans = jpegScans(bytes);
  if (scans <= MOST_SCANS) return;
  throw new CyclopsError(
    `${source} goes over its pixels ${scans} times; expected at most ${MOST_SCANS} scans in a JPEG file. Save it anew, if it is a photograph.`,
  );
}

/** @throws CyclopsError for a TIFF file that announces more than it holds */
function requireWholeTiff(readAt: ReadAt, size: number, source: string): void {
  const missing = missingOfTiff(readAt, size);
  if (missing !== null) throw damaged(source, 'TIFF', missing);
}

/** Of JPEG data that is damaged libjpeg only warns, and paints gray what it cannot read; libvips leaves tiles of TIFF black likewise. */
function strictnessFor(format: SharpFormat): 'error' | 'warning' {
  return format === 'JPEG' || format === 'TIFF' ? 'warning' : 'error';
}

/** Of an animated PNG, by the chunk in front of its pixels; libvips does not know of them. */
function framesOf(head: Uint8Array, format: SharpFormat): number | undefined {
  if (format !== 'PNG') return undefined;
  const file = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const chunk = file.indexOf('acTL', 0, 'latin1');
  const pixels = file.indexOf('IDAT', 0, 'latin1');
  return chunk > 0 && (pixels < 0 || chunk < pixels) && chunk + 8 <= file.length
    ? file.readUInt32BE(chunk + 4)
    : undefined;
}

/**
 * Cameras leave bytes between the pixels and the end, of which libjpeg warns too; libtiff warns of tags that it puts right. Of a tile or strip that
 * it cannot read it says more than that.
 */
function isHarmless(error: unknown): boolean {
  return error instanceof Error && /extraneous bytes before marker 0xd9|^Warning treated as error/.test(error.message);
}

function checkImage(metadata: Kind & Size, source: string, format: SharpFormat): void {
  checkSize(source, metadata.width, metadata.height);
  checkKind(metadata, source, format);
  checkBytes(source, extentOf(metadata));
}

function extentOf<Known extends Kind>({ depth, ...metadata }: Known) {
  return { ...metadata, bits: depth === 'uchar' ? 8 : depth === 'ushort' ? 16 : 32 } as const;
}

function checkKind({ pages = 1, ...kind }: Kind, source: string, format: SharpFormat): void {
  if (pages > 1) {
    throw new CyclopsError(
      `${source} holds ${pages} ${format === 'TIFF' ? 'pages' : 'frames'}: expected one image a file. Save each as a file of its own.`,
    );
  }
  const foreign = foreignKind(kind);
  if (foreign) throw ofForeignKind(source, format, foreign);
}

/** @throws CyclopsError for a TIFF file whose samples mean something that libvips does not heed */
function checkTiff(readAt: ReadAt, source: string, { depth }: Kind): void {
  const [colours, compression, reduced = 0, raw] = tiffNumbers(readAt, [262, 259, 254, 50706]);
  if (raw !== undefined) throw ofForeignKind(source, 'TIFF', 'it is camera raw (DNG)');
  if (reduced % 2 === 1)
    throw ofForeignKind(source, 'TIFF', 'its first image is a smaller copy of another, as in camera raw');
  if (colours === YCBCR && compression !== JPEG) throw ofForeignKind(source, 'TIFF', 'its colours are YCbCr');
  if (colours === WHITE_IS_ZERO && depth !== 'uchar' && depth !== 'ushort')
    throw ofForeignKind(source, 'TIFF', '0 is white in it');
}

/** Values of the tags 262 and 259. libjpeg makes RGB of YCbCr where JPEG compresses it. */
const [WHITE_IS_ZERO, YCBCR, JPEG] = [0, 6, 7];

function ofForeignKind(source: string, format: SharpFormat, kind: string): CyclopsError {
  return new CyclopsError(
    `${source} is a ${format} file of a kind that is not read: ${kind}. Save it as gray or RGB, in whole numbers or floats of 32 bits.`,
  );
}

/** What libvips would take for something else, or leave parts of; null of all others. */
function foreignKind(kind: Pick<Metadata, 'space' | 'depth' | 'channels'>): string | null {
  const { space, depth, channels } = kind;
  if ((isGray(kind) && channels > 2) || (space !== 'cmyk' && channels > 4)) return `it has ${channels} channels`;
  if (space === 'grey16' && depth === 'float') return 'it has floats of 16 bits';
  if (space === 'lab' || space === 'labs' || space === 'labq') return 'its colours are Lab';
  return space === 'cmyk' && depth === 'float' ? 'its colours are CMYK in floats' : null;
}

function isGray({ space, channels }: Pick<Metadata, 'space' | 'channels'>): boolean {
  return channels <= 2 || space === 'b-w' || space === 'grey16';
}

async function samplesOf(image: Sharp, metadata: Kind): Promise<StoredImage> {
  const { space, depth, channels: stored } = metadata;
  const { read, colours } = DEPTHS[depth === 'uchar' || depth === 'ushort' ? depth : 'float'];
  // libvips makes unsigned numbers of what it takes for gray of 16 bits.
  const isSigned = depth === 'short' && space === 'grey16';
  // Floats of colour are linear to it, and would become whole numbers on a curve.
  const rgb = space === 'scrgb' ? 'scrgb' : colours.rgb;
  const gray = isSigned ? 'grey16' : colours.gray;
  // Gray with alpha would come without it, but of 16 bits.
  const isSpread = stored === 2 && space === 'b-w';
  const colour = isGray(metadata) && !isSpread ? gray : rgb;
  const { data, info } = await (isSigned ? image.linear(1, SIGNED) : image)
    .pipelineColourspace(depth === 'uchar' ? 'srgb' : colour)
    .toColourspace(colour)
    .raw({ depth: read })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4)
    throw new Error(`it has ${channels} channels`);
  const samples = SAMPLES[read](data);
  if (isSpread && channels === 4)
    return { width, height, channels: 2, samples: samples.filter((_, i) => i % 4 === 0 || i % 4 === 3) };
  if (isSigned) for (let i = 0; i < samples.length; i += channels) samples[i] = (samples[i] ?? 0) - SIGNED;
  const holds = WHOLE[depth];
  return { width, height, channels, samples, ...(holds && { holds }) };
}

/** What whole numbers can hold that come as floats, or as numbers without a sign. */
const WHOLE: Readonly<Record<string, StoredImage['holds']>> = {
  char: { min: -(2 ** 7), max: 2 ** 7 - 1 },
  short: { min: -(2 ** 15), max: 2 ** 15 - 1 },
  int: { min: -(2 ** 31), max: 2 ** 31 - 1 },
  uint: { min: 0, max: 2 ** 32 - 1 },
};

/** Added, it makes whole numbers of 16 bits without a sign of those with one. */
const SIGNED = 2 ** 15;

/** How samples are taken out, so that none is stretched or rounded; whole numbers of 32 bits come as floats. */
const DEPTHS = {
  uchar: { read: 'uchar', colours: { gray: 'b-w', rgb: 'srgb' } },
  ushort: { read: 'ushort', colours: { gray: 'grey16', rgb: 'rgb16' } },
  float: { read: 'float', colours: { gray: 'b-w', rgb: 'srgb' } },
} as const;

/** A view of another type has to begin at a multiple of its size, and is a copy where it does not. */
const SAMPLES = {
  uchar: ({ buffer, byteOffset, length }: Buffer) => new Uint8Array(buffer, byteOffset, length),
  ushort: (data: Buffer) => {
    const { buffer, byteOffset, length } = aligned(data, 2);
    return new Uint16Array(buffer, byteOffset, length / 2);
  },
  float: (data: Buffer) => {
    const { buffer, byteOffset, length } = aligned(data, 4);
    return new Float32Array(buffer, byteOffset, length / 4);
  },
};

function aligned(data: Buffer, bytes: number): Uint8Array {
  return data.byteOffset % bytes === 0 ? data : new Uint8Array(data);
}

function damaged(source: string, format: SharpFormat, error: unknown): CyclopsError {
  const reason = reasonOf(error);
  return new CyclopsError(
    `${source} is a damaged ${format} file, or one of a kind that is not read${reason && `: ${reason}`}. ` +
      'Expected a complete image; copy or export the file again, or remove it.',
  );
}

/** What libraries say, where it tells users nothing or something else, and what is meant. */
const MEANINGS: readonly (readonly [says: RegExp, means: string])[] = [
  [/bad seek|^unable to parse image|^contains unsupported image format/, 'it is cut off, or its header lies'],
  [/^Empty JPEG image/, 'it has no pixels'],
  [/^samples out of range/, 'its samples are of a kind that is not read, floats of 64 bits perhaps'],
  [/^samples_per_pixel not a whole number of bytes/, 'its samples are no whole bytes, of 12 bits perhaps'],
  [/^Unknown error/, ''],
];

/** Why libvips, or the library that it calls, cannot read a file, without the names of their parts; empty where they do not say. */
function reasonOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : `${error}`).split('\n');
  const reason = line.replace(
    /^((Input buffer|Input file|has corrupt header|Vips\w+|vips\w+|tiff2vips|webp|\w+load\w*|source( input)?)[ :]+)+/,
    '',
  );
  return MEANINGS.find(([says]) => says.test(reason))?.[1] ?? reason;
}
