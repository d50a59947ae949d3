import { crc32 } from 'node:zlib';
import { CyclopsError } from '../../../gpu/errors.ts';
import { quoted } from '../brief.ts';
import type { ByteSource } from '../file-bytes.ts';

/*
 * The zip archives that PyTorch writes: every entry is stored, none compressed. So an entry is a piece of the file, and no library is
 * needed to unpack it: those that are kept well inflate and stream, where here the point is what they do not do, which is to prove, before
 * anything takes memory, that all entries lie in the file and no two share a byte. Then all of them together are no larger than the file.
 *
 * Source: PKWARE, APPNOTE.TXT 6.3.10, 4.3 and 4.5.3.
 */

/** A file in an archive, as a piece of it. */
interface ZipEntry {
  start: number;
  /** In the archive, which is the same unless it is compressed. */
  packed: number;
  size: number;
  crc: number;
  isCompressed: boolean;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;

const END_BYTES = 22;
const END_64_BYTES = 56;
const LOCATOR_BYTES = 20;
const DIRECTORY_ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;

const LONGEST_COMMENT = 2 ** 16 - 1;
/** Of the list of entries in bytes: a state dict has some hundreds, of about a hundred bytes each. */
const LARGEST_DIRECTORY = 2 ** 20;
/** What says in a field of 32 or 16 bits that the value stands in one of 64. */
const IN_64_BITS = { u32: 2 ** 32 - 1, u16: 2 ** 16 - 1 };
const EXTRA_64 = 1;

/** An archive that was checked. Nothing of its entries is in memory. */
export class ZipArchive {
  private readonly entries: ReadonlyMap<string, ZipEntry>;

  /** @throws CyclopsError for a damaged archive, and one with what PyTorch does not write: encryption, several volumes */
  constructor(private readonly bytes: ByteSource) {
    this.entries = readEntries(bytes);
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  /** How many bytes an entry has; null where there is none. */
  sizeOf(name: string): number | null {
    return this.entries.get(name)?.size ?? null;
  }

  /** The content of an entry. @throws CyclopsError when there is none, it is compressed, or its checksum is another */
  read(name: string): Uint8Array<ArrayBuffer> {
    const entry = this.entries.get(name);
    const { name: file } = this.bytes;
    if (!entry) throw damagedTorch(file, `it has no ${quoted(name)}`);
    if (entry.isCompressed) {
      throw new CyclopsError(
        `${file}: the entry ${quoted(name)} is compressed, and PyTorch stores entries as they are. Some other program packed it: unpack it, ` +
          'and write it with torch.save.',
      );
    }
    const content = this.bytes.read(entry.start, entry.size);
    if (crc32(content) === entry.crc) return content;
    throw new CyclopsError(
      `${file}: the checksum of ${quoted(name)} does not fit its content. The file is damaged: fetch or write it again. (If it ` +
        'was written with torch.serialization.set_crc32_options(False), write it with True.)',
    );
  }
}

/** @param file the path @param reason what is wrong */
export function damagedTorch(file: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${file} is not a complete .pth file of PyTorch: ${reason}. It is truncated, damaged or of another format; fetch or write it again.`,
  );
}

function readEntries(bytes: ByteSource): Map<string, ZipEntry> {
  const { name: file } = bytes;
  const { start, size, count } = findDirectory(bytes);
  const directory = viewOf(bytes.read(start, size));
  const entries = new Map<string, ZipEntry>();
  const places: { from: number; to: number }[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY_ENTRY_BYTES > size || directory.getUint32(at, true) !== DIRECTORY_ENTRY)
      throw damagedTorch(file, `its list of entries ends after ${i} of ${count}`);
    const lengths = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    const [nameLength = 0, extraLength = 0, commentLength = 0] = lengths;
    const end = at + DIRECTORY_ENTRY_BYTES + nameLength + extraLength + commentLength;
    if (end > size) throw damagedTorch(file, `its list of entries ends within number ${i + 1} of ${count}`);
    const name = textOf(directory, at + DIRECTORY_ENTRY_BYTES, nameLength);
    const extra = { start: at + DIRECTORY_ENTRY_BYTES + nameLength, length: extraLength };
    const { from, entry } = readEntry(bytes, directory, { at, name, extra });
    if (entries.has(name)) throw damagedTorch(file, `it has two entries ${quoted(name)}`);
    entries.set(name, entry);
    places.push({ from, to: entry.start + entry.packed });
    at = end;
  }
  places.sort((a, b) => a.from - b.from || a.to - b.to);
  let free = 0;
  for (const { from, to } of places) {
    if (from < free) throw damagedTorch(file, 'two of its entries overlap');
    free = to;
  }
  if (free > start) throw damagedTorch(file, 'an entry overlaps the list of entries');
  return entries;
}

/** One entry, and where its header begins. */
function readEntry(
  bytes: ByteSource,
  directory: DataView,
  { at, name, extra }: { at: number; name: string; extra: { start: number; length: number } },
): { from: number; entry: ZipEntry } {
  const { name: file } = bytes;
  const what = `the entry ${quoted(name)}`;
  const flags = directory.getUint16(at + 8, true);
  if ((flags & 1) !== 0) throw new CyclopsError(`${file}: ${what} is encrypted. Write it with torch.save.`);
  const isCompressed = directory.getUint16(at + 10, true) !== 0;
  const [packed, plain, offset] = sizesOf(directory, at, extra, file);
  if (!isCompressed && packed !== plain)
    throw damagedTorch(file, `${what} has ${packed} bytes stored as they are, and says ${plain}`);
  if (offset + LOCAL_HEADER_BYTES > bytes.size) throw damagedTorch(file, `${what} begins behind its end`);
  const header = viewOf(bytes.read(offset, LOCAL_HEADER_BYTES));
  if (header.getUint32(0, true) !== LOCAL_HEADER) throw damagedTorch(file, `${what} does not begin where it should`);
  const start = offset + LOCAL_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + packed > bytes.size) throw damagedTorch(file, `${what} ends behind its end`);
  return { from: offset, entry: { start, packed, size: plain, crc: directory.getUint32(at + 16, true), isCompressed } };
}

/** Stored size, plain size and offset of an entry, from their fields of 32 bits or, where these are full, of 64. */
function sizesOf(
  directory: DataView,
  at: number,
  extra: { start: number; length: number },
  file: string,
): [packed: number, plain: number, offset: number] {
  const fields = { plain: 24, packed: 20, offset: 42 };
  let wide = { at: 0, end: 0 };
  for (let field = extra.start; field + 4 <= extra.start + extra.length; ) {
    const end = field + 4 + directory.getUint16(field + 2, true);
    if (end > extra.start + extra.length) break;
    if (directory.getUint16(field, true) === EXTRA_64) wide = { at: field + 4, end };
    field = end;
  }
  const next = (field: number) => {
    const narrow = directory.getUint32(at + field, true);
    if (narrow !== IN_64_BITS.u32) return narrow;
    if (wide.at + 8 > wide.end) throw damagedTorch(file, 'an entry has no size or place');
    wide.at += 8;
    return wholeAt(directory, wide.at - 8, file);
  };
  // In this order they stand there.
  const [plain, packed, offset] = [next(fields.plain), next(fields.packed), next(fields.offset)];
  return [packed, plain, offset];
}

/** Where the list of entries is. */
function findDirectory(bytes: ByteSource): { start: number; size: number; count: number } {
  const { name: file } = bytes;
  const length = Math.min(bytes.size, END_BYTES + LONGEST_COMMENT);
  const from = bytes.size - length;
  const tail = viewOf(bytes.read(from, length));
  let at = length - END_BYTES;
  while (at >= 0 && !(tail.getUint32(at, true) === END && at + END_BYTES + tail.getUint16(at + 20, true) === length))
    at--;
  if (at < 0) throw damagedTorch(file, 'its list of entries is missing, which stands at its end');
  let [count, size, start] = [
    tail.getUint16(at + 10, true),
    tail.getUint32(at + 12, true),
    tail.getUint32(at + 16, true),
  ];
  if (tail.getUint16(at + 4, true) !== 0 || tail.getUint16(at + 8, true) !== count)
    throw damagedTorch(file, 'it says that it is one of several volumes');
  let end = from + at;
  if (count === IN_64_BITS.u16 || size === IN_64_BITS.u32 || start === IN_64_BITS.u32) {
    if (end < LOCATOR_BYTES) throw damagedTorch(file, 'its list of entries has no place');
    const locator = viewOf(bytes.read(end - LOCATOR_BYTES, LOCATOR_BYTES));
    if (locator.getUint32(0, true) !== END_64_LOCATOR) throw damagedTorch(file, 'its list of entries has no place');
    end = wholeAt(locator, 8, file);
    if (end + END_64_BYTES > bytes.size) throw damagedTorch(file, 'its list of entries lies behind its end');
    const wide = viewOf(bytes.read(end, END_64_BYTES));
    if (wide.getUint32(0, true) !== END_64) throw damagedTorch(file, 'its list of entries has no place');
    [count, size, start] = [wholeAt(wide, 32, file), wholeAt(wide, 40, file), wholeAt(wide, 48, file)];
  }
  if (start + size > end) throw damagedTorch(file, 'its list of entries lies behind its end');
  if (size > LARGEST_DIRECTORY)
    throw damagedTorch(file, `its list of entries has ${size} bytes, and none that PyTorch writes is as long`);
  return { start, size, count };
}

function wholeAt(view: DataView, at: number, file: string): number {
  const value = view.getBigUint64(at, true);
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw damagedTorch(file, `it speaks of byte ${value}`);
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(view: DataView, at: number, length: number): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
}
