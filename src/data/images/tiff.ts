/** The types of a tag's value: whole numbers of 16 and 32 bits. */
const [SHORT, LONG] = [3, 4];

/** So many bytes of a file from a place on, or as many as there are. */
export type ReadAt = (start: number, length: number) => Uint8Array;

/** Directories have a few dozen entries. */
const MOST_ENTRIES = 4096;

/**
 * The whole number that a tag of the first directory of a TIFF or BigTIFF file has, for what libvips does not tell. The directory may lie
 * anywhere, in most files behind the pixels.
 *
 * @returns undefined where the file has no such tag, or is cut off before it
 */
export function tiffNumber(readAt: ReadAt, tag: number): number | undefined {
  const view = (start: number, length: number) => {
    const bytes = readAt(start, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  try {
    const head = view(0, 16);
    const little = head.getUint8(0) === 0x49;
    const isBig = head.getUint16(2, little) === 43;
    const directory = isBig ? Number(head.getBigUint64(8, little)) : head.getUint32(4, little);
    const [countBytes, entryBytes, valueAt] = isBig ? [8, 20, 12] : [2, 12, 8];
    const count = view(directory, countBytes);
    const entries = Math.min(MOST_ENTRIES, isBig ? Number(count.getBigUint64(0, little)) : count.getUint16(0, little));
    const table = view(directory + countBytes, entries * entryBytes);
    for (let entry = 0; entry < entries * entryBytes; entry += entryBytes) {
      if (table.getUint16(entry, little) !== tag) continue;
      const type = table.getUint16(entry + 2, little);
      if (type === SHORT) return table.getUint16(entry + valueAt, little);
      return type === LONG ? table.getUint32(entry + valueAt, little) : undefined;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}
