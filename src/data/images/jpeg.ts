import { decode, encode } from 'jpeg-js';
import { CyclopsError } from '../../gpu/errors.ts';
import type { DecodedImage } from './decoded-image.ts';

import { checkSize } from './limits.ts';

/** jpeg-js takes about 21 bytes for each RGB pixel while it decodes. */
const MAX_PIXELS = 48e6;
const MAX_MEMORY_MB = 1024;

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const ADOBE_SEGMENT = 0xee;

interface JpegHeader {
  width: number;
  height: number;
  components: number;
  /** An Adobe segment that says that three components are RGB, not YCbCr. */
  isRgb: boolean;
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Decodes a JPEG file, gray as one channel, colour as RGB. Subsampled chroma is enlarged by repetition, which differs
 * from libjpeg's smoothing where colours change steeply. Orientation in Exif is not applied.
 *
 * @param path for messages
 */
export function decodeJpeg(bytes: Buffer, path: string): DecodedImage {
  const { width, height, components, isRgb } = readHeader(bytes, path);
  const channels = components === 1 ? 1 : 3;
  let rgb: Uint8Array;
  try {
    rgb = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      colorTransform: !isRgb,
      maxMemoryUsageInMB: MAX_MEMORY_MB,
    }).data;
  } catch (error) {
    throw damaged(path, `its pixels cannot be unpacked (${error instanceof Error ? error.message : error})`);
  }
  const pixels = channels === 3 ? rgb : Uint8Array.from({ length: width * height }, (_, i) => rgb[3 * i] ?? 0);
  return { width, height, channels, pixels };
}

/**
 * Encodes an image as a JPEG file, colours at full resolution, so that edges of colour stay sharp. The same pixels give the same bytes.
 *
 * @param quality from 1 to 100, on the scale of libjpeg
 */
export function encodeJpeg({ width, height, channels, pixels }: DecodedImage, quality: number): Buffer {
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = pixels[(i >> 2) * channels + (channels === 1 ? 0 : i & 3)] ?? 0;
  return encode({ width, height, data }, quality).data;
}

/** Walks all segments up to the end mark, which jpeg-js would not miss: it fills what is cut off with gray. */
function readHeader(bytes: Buffer, path: string): JpegHeader {
  let frame: Omit<JpegHeader, 'isRgb'> | undefined;
  let isRgb = false;
  let offset = 2;
  for (;;) {
    offset = nextMarker(bytes, offset);
    const marker = bytes[offset + 1];
    if (marker === END_OF_IMAGE) break;
    if (marker === undefined || offset + 4 > bytes.length) throw truncated(path, bytes.length);
    const end = offset + 2 + bytes.readUInt16BE(offset + 2);
    if (end > bytes.length) throw truncated(path, bytes.length);
    const content = bytes.subarray(offset + 4, end);
    if (isFrame(marker)) frame = readFrame(marker, content, path);
    if (marker === ADOBE_SEGMENT && content.toString('latin1', 0, 5) === 'Adobe') isRgb = content[11] === 0;
    if (marker === START_OF_SCAN && !frame) throw damaged(path, 'its pixels come before its size');
    offset = Math.max(end, offset + 4);
  }
  if (!frame) throw damaged(path, 'it holds no image');
  const { width, height } = frame;
  // Each 8 × 8 block takes at least one bit: what is smaller cannot hold the image that the header announces.
  if (bytes.length * 8 < Math.ceil(width / 8) * Math.ceil(height / 8)) {
    throw damaged(path, `its ${bytes.length} bytes cannot hold ${width} × ${height} pixels`);
  }
  return { ...frame, isRgb };
}

/** Offset of the next marker; pixel data escapes its 0xff bytes and holds only restart marks (d0–d7). */
function nextMarker(bytes: Buffer, start: number): number {
  let offset = bytes.indexOf(0xff, start);
  while (offset >= 0) {
    const code = bytes[offset + 1] ?? 0;
    if (code !== 0 && code !== 0xff && (code < 0xd0 || code > 0xd7)) return offset;
    offset = bytes.indexOf(0xff, offset + 1);
  }
  return bytes.length;
}

/** SOF0 to SOF15; c4, c8 and cc in between mean other things. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(marker: number, content: Buffer, path: string): Omit<JpegHeader, 'isRgb'> {
  if (content.length < 6) throw damaged(path, 'its size segment is too short');
  const [bits, components] = [content.readUInt8(0), content.readUInt8(5)];
  const [height, width] = [content.readUInt16BE(1), content.readUInt16BE(3)];
  checkSize(path, width, height);
  if (marker > 0xc2 || bits !== 8 || (components !== 1 && components !== 3)) {
    throw new CyclopsError(
      `${path} is a JPEG file of a kind that is not read: expected baseline or progressive, 8 bits, 1 or 3 components; ` +
        `came SOF${marker - 0xc0}, ${bits} bits, ${components} components. Save it as PNG or as a usual JPEG.`,
    );
  }
  if (width * height > MAX_PIXELS) {
    throw new CyclopsError(
      `${path}: ${width} × ${height} pixels were found, at most ${MAX_PIXELS / 1e6} million were expected in a JPEG file. ` +
        'Reduce the image or save it as PNG.',
    );
  }
  return { width, height, components };
}

function truncated(path: string, length: number): CyclopsError {
  return damaged(path, `it ends after ${length} bytes, before its end mark`);
}

function damaged(path: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${path} is a damaged JPEG file: ${reason}. Expected a complete image; copy or export the file again, or remove it.`,
  );
}
