import type { Announced } from './announced.ts';
import { segmentsOf } from './segments.ts';

/** What data of JPEG 2000 says of itself (T.800, A). */
export interface Codestream extends Announced {
  /** Whether the picture begins where the grid does on which it lies. */
  isAtCorner: boolean;
  /** Whether all channels have a sample for each pixel, of the same bits. */
  isEven: boolean;
  /** Whether colours were made of RGB. */
  isOfRgb: boolean;
  /** Whether all tiles are there, in as many parts as they announce. */
  isWhole: boolean;
}

const [SIZE, CODING, TILE_PART] = [0xff51, 0xff52, 0xff90];

/** Of the segment of sizes, in front of what it says of each channel, and of one that begins a part of a tile. */
const [SIZE_BYTES, TILE_PART_BYTES] = [36, 12];

/** Reads what stands in front of the first tile, and where tiles begin; null where something is missing. */
export function codestreamOf(file: Buffer): Codestream | null {
  let [size, isOfRgb]: [Size | null, boolean] = [null, false];
  for (const { marker, at, content } of segmentsOf(file)) {
    if (marker === SIZE) size = sizeOf(content);
    if (marker === CODING) isOfRgb = content[4] === 1;
    if (marker === TILE_PART) return size && { ...size, isOfRgb, isWhole: hasTiles(file, at, size.tiles) };
  }
  return null;
}

type Size = Omit<Codestream, 'isOfRgb' | 'isWhole'> & { tiles: number };

function sizeOf(content: Buffer): Size | null {
  if (content.length < SIZE_BYTES) return null;
  const channels = content.readUInt16BE(34);
  const [first, ...others] = Array.from({ length: channels }, (_, i) =>
    content.subarray(SIZE_BYTES + 3 * i).subarray(0, 3),
  );
  if (first?.length !== 3) return null;
  const [sample = 0] = first;
  const [right = 0, bottom = 0, left = 0, top = 0, tileWidth = 0, tileHeight = 0] = Array.from({ length: 6 }, (_, i) =>
    content.readUInt32BE(2 + 4 * i),
  );
  return {
    ...{ width: right - left, height: bottom - top, channels, bits: (sample & 127) + 1, isSigned: sample > 127 },
    isAtCorner: left === 0 && top === 0,
    isEven: first[1] === 1 && first[2] === 1 && others.every((other) => first.equals(other)),
    tiles: Math.ceil(right / tileWidth) * Math.ceil(bottom / tileHeight),
  };
}

/** Where a tile is missing, a decoder leaves its pixels empty. */
function hasTiles(file: Buffer, from: number, tiles: number): boolean {
  const parts = new Map<number, { seen: number; announced: number }>();
  for (let at = from; at + TILE_PART_BYTES <= file.length && file.readUInt16BE(at) === TILE_PART; ) {
    const [tile, length, of] = [file.readUInt16BE(at + 4), file.readUInt32BE(at + 6), file.readUInt8(at + 11)];
    const { seen, announced } = parts.get(tile) ?? { seen: 0, announced: 0 };
    parts.set(tile, { seen: seen + 1, announced: Math.max(announced, of) });
    // The last part may leave its length open.
    if (length === 0) break;
    at += Math.max(length, TILE_PART_BYTES);
  }
  return parts.size === tiles && [...parts.values()].every(({ seen, announced }) => seen >= announced);
}
