/** The types of a tag's value: whole numbers of 16 and 32 bits. */
const [SHORT, LONG] = [3, 4];

/**
 * The whole number that a tag of the first directory of a TIFF or BigTIFF file has, for what libvips does not tell.
 *
 * @returns undefined where the file has no such tag, or is cut off before it
 */
export function tiffNumber(bytes: Uint8Array, tag: number): number | undefined {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const little = file.getUint8(0) === 0x49;
    const isBig = file.getUint16(2, little) === 43;
    const directory = isBig ? Number(file.getBigUint64(8, little)) : file.getUint32(4, little);
    const [first, entryBytes, valueAt] = isBig ? [directory + 8, 20, 12] : [directory + 2, 12, 8];
    const entries = isBig ? Number(file.getBigUint64(directory, little)) : file.getUint16(directory, little);
    for (let entry = first; entry < first + entries * entryBytes; entry += entryBytes) {
      if (file.getUint16(entry, little) !== tag) continue;
      const type = file.getUint16(entry + 2, little);
      if (type === SHORT) return file.getUint16(entry + valueAt, little);
      return type === LONG ? file.getUint32(entry + valueAt, little) : undefined;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}
