/** Bytes of a whole number, by the type of a tag's value; the longest are BigTIFF's. */
const NUMBER_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };

/** So many bytes of a file from a place on, or as many as there are. */
export type ReadAt = (start: number, length: number) => Uint8Array;

/** Directories have a few dozen entries. */
const MOST_ENTRIES = 4096;

/** The whole numbers of a tag. */
interface Numbers {
  count: number;
  /** @throws RangeError where the file is cut off before it */
  at: (i: number) => number;
}

/**
 * The whole numbers that tags of the first directory of a TIFF or BigTIFF file have, for what libvips does not tell. The directory may lie
 * anywhere, in most files behind the pixels.
 *
 * @returns in the order of the tags; undefined where the file has no such tag, or is cut off before it
 */
export function tiffNumbers(readAt: ReadAt, tags: readonly number[]): (number | undefined)[] {
  const directory = unlessCutOff(() => directoryOf(readAt), undefined);
  return tags.map((tag) => unlessCutOff(() => directory?.get(tag)?.at(0), undefined));
}

/** What is found in a file, or something else where it is cut off before that. */
function unlessCutOff<T>(find: () => T, otherwise: T): T {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return otherwise;
  }
}

/**
 * Pages of a TIFF file that are images of their own: a pyramid has smaller copies of its first page behind it.
 *
 * @param pages as many as it has
 */
export function pagesOfTiff(readAt: ReadAt, pages = 1): number {
  if (pages === 1) return pages;
  return unlessCutOff(() => {
    let own = 1;
    let next = directoryAt(readAt).next;
    for (let page = 1; page < pages && next > 0; page++) {
      const directory = directoryAt(readAt, next);
      if ((directory.tags.get(KIND)?.at(0) ?? 0) % 2 === 0) own++;
      next = directory.next;
    }
    return own;
  }, pages);
}

/** Tag of a page's kind; a smaller copy of another page has its lowest bit. */
const KIND = 254;

/** Tags of the first directory; those of tables are of strips and of tiles. */
const [WIDTH, HEIGHT, COMPRESSION, SAMPLES, ROWS, PLANES, TILE_WIDTH, TILE_HEIGHT] = [
  256, 257, 259, 277, 278, 284, 322, 323,
];
const TABLES = { strip: { places: 273, lengths: 279 }, tile: { places: 324, lengths: 325 } } as const;
const [UNCOMPRESSED, HEADER_BYTES] = [1, 8];

/**
 * What a TIFF file announces and does not hold, be it cut off or its header untrue: libvips takes memory for all pixels before it finds out.
 *
 * @param size bytes of the file @returns a reason for messages, and null where nothing is missing
 */
export function missingOfTiff(readAt: ReadAt, size: number): string | null {
  const cutOff = `it ends after ${size} bytes, before the tables that tell where its pixels are`;
  return unlessCutOff(() => missingPieces(directoryOf(readAt), size), cutOff);
}

function missingPieces(directory: ReadonlyMap<number, Numbers>, size: number): string | null {
  const number = (tag: number, otherwise: number) => directory.get(tag)?.at(0) ?? otherwise;
  const [width, height] = [WIDTH, HEIGHT].map((tag) => directory.get(tag)?.at(0));
  if (width === 0 || height === 0) return 'it has no pixels';
  // What is told in another way than any program does is left to the decoder.
  if (width === undefined || height === undefined) return null;
  const piece = directory.has(TILE_WIDTH) ? 'tile' : 'strip';
  const columns = piece === 'tile' ? Math.ceil(width / Math.max(1, number(TILE_WIDTH, width))) : 1;
  const rows = Math.ceil(height / Math.max(1, number(piece === 'tile' ? TILE_HEIGHT : ROWS, height)));
  const count = columns * rows * (number(PLANES, 1) === 2 ? number(SAMPLES, 1) : 1);
  const [places, lengths] = [directory.get(TABLES[piece].places), directory.get(TABLES[piece].lengths)];
  if (!places) return null;
  if (places.count < count)
    return `it announces ${width} × ${height} pixels and holds ${places.count} of their ${count} ${piece}s`;
  // Of strips the decoder reckons the length where that is not told, or is wrong.
  if (piece === 'tile' && lengths && lengths.count < count)
    return `it tells the length of ${lengths.count} of its ${count} tiles`;
  const isReckoned = piece === 'strip' && number(COMPRESSION, UNCOMPRESSED) === UNCOMPRESSED;
  for (let i = 0; i < count; i++) {
    const place = places.at(i);
    const length = lengths && i < lengths.count ? lengths.at(i) : 1;
    if (length === 0 && piece === 'tile') return `tile ${i + 1} of ${count} has no bytes`;
    const end = place + (isReckoned ? 1 : length);
    if (place < HEADER_BYTES || end > size)
      return `${piece} ${i + 1} of ${count} lies from byte ${place} to ${end}, and the file has ${size} bytes`;
  }
  return null;
}

/** The tags of the first directory that have whole numbers. @throws RangeError where the file is cut off before its end */
function directoryOf(readAt: ReadAt): ReadonlyMap<number, Numbers> {
  return directoryAt(readAt).tags;
}

interface Directory {
  readonly tags: ReadonlyMap<number, Numbers>;
  /** Where the next one lies; 0 behind the last. */
  readonly next: number;
}

/** @param place of the directory; default: the first @throws RangeError where the file is cut off before its end */
function directoryAt(readAt: ReadAt, place?: number): Directory {
  const view = (start: number, length: number) => {
    const bytes = readAt(start, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const head = view(0, 16);
  const little = head.getUint8(0) === 0x49;
  const isBig = head.getUint16(2, little) === 43;
  const numberIn = (at: DataView, place: number, bytes: number) => {
    if (bytes === 8) return Number(at.getBigUint64(place, little));
    if (bytes === 1) return at.getUint8(place);
    return bytes === 4 ? at.getUint32(place, little) : at.getUint16(place, little);
  };
  const [wordBytes, countBytes] = isBig ? [8, 8] : [4, 2];
  const directory = place ?? numberIn(head, isBig ? 8 : 4, wordBytes);
  const entries = Math.min(MOST_ENTRIES, numberIn(view(directory, countBytes), 0, countBytes));
  // An entry is a tag, a type, a count, and the values or their place.
  const entryBytes = 4 + 2 * wordBytes;
  const table = view(directory + countBytes, entries * entryBytes);
  const behind = view(directory + countBytes + entries * entryBytes, wordBytes);
  const tags = new Map<number, Numbers>();
  for (let entry = 0; entry < entries * entryBytes; entry += entryBytes) {
    const [tag, type] = [table.getUint16(entry, little), table.getUint16(entry + 2, little)];
    const count = numberIn(table, entry + 4, wordBytes);
    const bytes = NUMBER_BYTES[type];
    const valueAt = entry + 4 + wordBytes;
    if (bytes === undefined || tags.has(tag)) continue;
    let values: { view: DataView; from: number } | undefined;
    const open = () =>
      bytes * count <= wordBytes
        ? { view: table, from: valueAt }
        : { view: view(numberIn(table, valueAt, wordBytes), bytes * count), from: 0 };
    tags.set(tag, {
      count,
      at: (i) => {
        values ??= open();
        return numberIn(values.view, values.from + bytes * i, bytes);
      },
    });
  }
  return { tags, next: behind.byteLength < wordBytes ? 0 : numberIn(behind, 0, wordBytes) };
}
