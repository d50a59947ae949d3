/** How a TIFF differs from one whose samples say it all. */
interface TiffKind {
  channels?: number;
  /** How colours are told: 1 for gray, 2 for RGB. */
  photometric?: number;
  /** 1 for whole numbers, 2 for those with a sign, 3 for floats. */
  format?: number;
  /** Whether it is a smaller copy of another image, as a camera puts in front. */
  reduced?: boolean;
  /** Whether it says that it is camera raw (DNG). */
  raw?: boolean;
}

/** A TIFF by the specification: little endian, one strip. */
export function makeTiff(
  w: number,
  h: number,
  samples: Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array,
  { channels = 1, photometric = channels < 3 ? 1 : 2, format, reduced = false, raw = false }: TiffKind = {},
): Buffer {
  const [byte, short, long] = [1, 3, 4];
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const bits = Array.from({ length: channels }, () => 8 * samples.BYTES_PER_ELEMENT);
  const formats = bits.map(
    () => format ?? (/^Float/.test(samples.constructor.name) ? 3 : /^Int/.test(samples.constructor.name) ? 2 : 1),
  );
  const lists = Buffer.alloc(4 * channels);
  for (const [i, value] of [...bits, ...formats].entries()) lists.writeUInt16LE(value, 2 * i);
  // One or two short numbers stand in the entry itself.
  const listed = (values: readonly number[], at: number) =>
    channels > 2
      ? { type: short, count: channels, value: 8 + data.length + at }
      : { type: short, count: channels, value: values.reduce((sum, value, i) => sum + value * 65536 ** i, 0) };
  const tags: { tag: number; type: number; value: number; count?: number }[] = [
    ...(reduced ? [{ tag: 254, type: long, value: 1 }] : []),
    { tag: 256, type: short, value: w },
    { tag: 257, type: short, value: h },
    { tag: 258, ...listed(bits, 0) },
    { tag: 259, type: short, value: 1 },
    { tag: 262, type: short, value: photometric },
    { tag: 273, type: long, value: 8 },
    { tag: 277, type: short, value: channels },
    { tag: 278, type: short, value: h },
    { tag: 279, type: long, value: data.length },
    { tag: 339, ...listed(formats, 2 * channels) },
    ...(raw ? [{ tag: 50706, type: byte, count: 4, value: 0x0401 }] : []),
  ];
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1');
  head.writeUInt32LE(8 + data.length + lists.length, 4);
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length, 0);
  for (const [i, { tag, type, value, count = 1 }] of tags.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * i);
    directory.writeUInt16LE(type, 4 + 12 * i);
    directory.writeUInt32LE(count, 6 + 12 * i);
    directory.writeUInt32LE(value, 10 + 12 * i);
  }
  return Buffer.concat([head, data, lists, directory]);
}

/** A little-endian TIFF that says something else of a tag of 16 or 32 bits: another count of values, or another value among them. */
export function changeTiff(file: Buffer, tag: number, { count, value, at = 0 }: TagChange): Buffer {
  const changed = Buffer.from(file);
  const directory = changed.readUInt32LE(4);
  let entry = directory + 2;
  while (changed.readUInt16LE(entry) !== tag) entry += 12;
  const bytes = changed.readUInt16LE(entry + 2) === 3 ? 2 : 4;
  const values = bytes * changed.readUInt32LE(entry + 4) <= 4 ? entry + 8 : changed.readUInt32LE(entry + 8);
  if (count !== undefined) changed.writeUInt32LE(count, entry + 4);
  if (value !== undefined) changed.writeUIntLE(value, values + bytes * at, bytes);
  return changed;
}

interface TagChange {
  count?: number;
  value?: number;
  /** Which of several values. */
  at?: number;
}
