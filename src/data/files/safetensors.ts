import { CyclopsError } from '../../gpu/errors.ts';
import { brief, quoted } from './brief.ts';
import { crc32 } from './crc32.ts';
import { type FloatElement, floatBytes, isFloatElement, toFloat32 } from './elements.ts';
import type { ByteSource } from './file-bytes.ts';

/** Those of a Uint16Array are the bits of f16. */
export type SafetensorsData = Float32Array | Uint16Array | Int32Array | Uint8Array;

/** A tensor to write: its element type follows from the array (F32, F16, I32 or U8). */
export interface TensorInput {
  shape: readonly number[];
  data: SafetensorsData;
}

/** A tensor as read. Floats of every width become a Float32Array; `dtype` keeps what the file said. */
export type StoredTensor =
  | { dtype: FloatElement; shape: number[]; data: Float32Array<ArrayBuffer> }
  | { dtype: 'I32'; shape: number[]; data: Int32Array<ArrayBuffer> }
  | { dtype: 'U8'; shape: number[]; data: Uint8Array<ArrayBuffer> };

export interface SafetensorsFile {
  tensors: Map<string, StoredTensor>;
  /** The tensors that were left out, and their element types, of which there are none here: other integers, complex numbers, floats of 8 bits. */
  skipped: Map<string, string>;
  metadata: Record<string, string>;
}

interface TensorEntry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

/** Of the element types of the format that are left out. */
const OTHER_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  U32: 4,
  I64: 8,
  U64: 8,
  C64: 8,
};
const METADATA_KEY = '__metadata__';
/**
 * Of the metadata: JSON with the CRC-32 of each tensor's bytes by its name, in hexadecimal, and under the name of the metadata, which no
 * tensor can have, that of the others' JSON. Other programs pass it over, and files of others have none.
 */
const CHECKSUMS_KEY = 'crc32';

/**
 * Encodes named tensors in the safetensors format: 8 bytes with the header's length, the header in JSON padded with
 * spaces to a multiple of 8, then the data, little-endian and without gaps. Four-byte types come first so that each is
 * aligned; within a width the order of the map is kept. The same input gives the same bytes. The metadata hold checksums of all of it.
 *
 * @throws CyclopsError for what {@link decodeSafetensors} would refuse: a shape that does not fit its data, an array of another type, and
 * metadata that is no text
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorInput>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  if (!(tensors instanceof Map))
    throw new CyclopsError(`cannot store ${brief(tensors)}: a Map of tensors by name was expected.`);
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new CyclopsError(`cannot store the metadata ${brief(metadata)}: an object with texts was expected.`);
  }
  const header: [string, unknown][] = [];
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string')
      throw new CyclopsError(`cannot store metadata '${key}': a text was expected, got ${brief(text)}.`);
  }
  const checksums: [string, string][] = [[METADATA_KEY, checksumOf(metadata)]];
  for (const [name, { data }] of tensors) {
    if (isStorable(data)) continue;
    throw new CyclopsError(
      `cannot store tensor '${name}': its data must be a Float32Array, a Uint16Array of f16, an Int32Array or a Uint8Array; got ${brief(data)}.`,
    );
  }
  const order = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  for (const [name, { shape, data }] of order) {
    if (!isCounts(shape) || elementCount(shape) !== data.length || name === METADATA_KEY) {
      throw new CyclopsError(
        `cannot store tensor '${name}': its shape [${shape}] expects ${elementCount(shape)} elements, ` +
          `its data holds ${data.length}, and its name must not be ${METADATA_KEY}.`,
      );
    }
    header.push([name, { dtype: dtypeOf(data), shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
    checksums.push([name, checksum(bytesIn(data))]);
  }
  header.push([METADATA_KEY, { ...metadata, [CHECKSUMS_KEY]: JSON.stringify(Object.fromEntries(checksums)) }]);
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataStart = 8 + Math.ceil(text.length / 8) * 8;

  const file = new Uint8Array(dataStart + end).fill(0x20, 8, dataStart);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  file.set(text, 8);
  let position = dataStart;
  for (const [, { data }] of order) {
    file.set(bytesIn(data), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * Decodes a safetensors file. Everything in the header is checked against the file's size before any tensor is
 * allocated, so that a damaged or lying file costs no more memory than an honest one of its size; F16 and BF16 take twice as much.
 * Checksums are compared where the file has some.
 *
 * @param bytes the whole file
 * @param name the file's path, for messages
 * @throws CyclopsError for a truncated, damaged or inconsistent file and for element types that the format does not have
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): SafetensorsFile {
  if (typeof name !== 'string') throw new CyclopsError(`a file needs a name for messages; got ${brief(name)}.`);
  if (!(bytes instanceof Uint8Array)) throw damaged(name, `bytes were expected, got ${brief(bytes)}`);
  const { header, dataStart } = readHeader(bytes, name);
  const dataLength = bytes.length - dataStart;
  const entries: TensorEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(header)) {
    if (key === METADATA_KEY) metadata = metadataOf(value, name);
    else entries.push(readEntry(key, value, dataLength, name));
  }

  // Tensors in the order of their data must fill it without gap or overlap.
  let expected = 0;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== expected) {
      throw damaged(
        name,
        `tensor ${quoted(entry.name)} begins at byte ${entry.begin} of the data, expected ${expected}`,
      );
    }
    expected = entry.end;
  }
  if (expected !== dataLength) {
    throw damaged(name, `its tensors take ${expected} bytes of data, the file holds ${dataLength}`);
  }

  const data = bytes.subarray(dataStart);
  const { [CHECKSUMS_KEY]: checksums, ...said } = metadata;
  if (checksums !== undefined) compareChecksums(checksums, { entries, data, metadata: said, file: name });
  const tensors = new Map<string, StoredTensor>();
  const skipped = new Map<string, string>();
  for (const entry of entries) {
    const tensor = readTensor(entry, data);
    if (tensor) tensors.set(entry.name, tensor);
    else skipped.set(entry.name, entry.dtype);
  }
  return { tensors, skipped, metadata: said };
}

/** @throws CyclopsError naming what is not as it was written */
function compareChecksums(
  json: string,
  { entries, data, metadata, file }: { entries: TensorEntry[]; data: Uint8Array; metadata: object; file: string },
): void {
  const expected = new Map(Object.entries(checksumsIn(json, file)));
  const compare = (name: string, what: string, found: string) => {
    if (expected.get(name) === found) return void expected.delete(name);
    throw damaged(
      file,
      `${what} does not have the checksum with which it was written, so that some of its bits have changed`,
    );
  };
  compare(METADATA_KEY, 'its description', checksumOf(metadata));
  for (const { name, begin, end } of entries)
    compare(name, `tensor ${quoted(name)}`, checksum(data.subarray(begin, end)));
  const [missing] = expected.keys();
  if (missing !== undefined) throw damaged(file, `tensor ${quoted(missing)}, of which it holds a checksum, is missing`);
}

function checksumsIn(json: string, file: string): object {
  try {
    const checksums: unknown = JSON.parse(json);
    if (isRecord(checksums)) return checksums;
  } catch {}
  throw damaged(file, 'its checksums are not a JSON object');
}

function checksumOf(metadata: object): string {
  return checksum(new TextEncoder().encode(JSON.stringify(Object.entries(metadata))));
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

function bytesIn({ buffer, byteOffset, byteLength }: SafetensorsData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The metadata of a safetensors file, of which no more than the header is read. @throws CyclopsError when that is damaged */
export function readMetadata(source: ByteSource): Record<string, string> {
  const { name, size } = source;
  const dataStart = dataStartOf(source.read(0, Math.min(8, size)), size, name);
  const header = parseHeader(source.read(8, dataStart - 8), name);
  const found = new Map(Object.entries(header)).get(METADATA_KEY);
  return found === undefined ? {} : metadataOf(found, name);
}

function readHeader(bytes: Uint8Array, name: string): { header: object; dataStart: number } {
  const dataStart = dataStartOf(bytes, bytes.length, name);
  return { header: parseHeader(bytes.subarray(8, dataStart), name), dataStart };
}

/** @param beginning 8 bytes of the file or more @param size of all of it */
function dataStartOf(beginning: Uint8Array, size: number, name: string): number {
  if (size < 8) throw damaged(name, `a header length of 8 bytes was expected, the file has ${size}`);
  const length = new DataView(beginning.buffer, beginning.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(size - 8)) throw damaged(name, `it announces a header of ${length} bytes, the file has ${size}`);
  return 8 + Number(length);
}

function parseHeader(bytes: Uint8Array, name: string): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged(name, 'its header is not JSON');
  }
  if (!isRecord(header)) throw damaged(name, 'its header is not a JSON object');
  return header;
}

function metadataOf(value: unknown, name: string): Record<string, string> {
  if (!isRecord(value)) throw damaged(name, `${METADATA_KEY} is not an object`);
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string') throw damaged(name, `${METADATA_KEY} holds ${quoted(key)}, which is not a text`);
      return [key, text];
    }),
  );
}

function readEntry(key: string, value: unknown, dataLength: number, file: string): TensorEntry {
  if (!isRecord(value)) throw damaged(file, `the entry of tensor ${quoted(key)} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype === undefined) throw damaged(file, `tensor ${quoted(key)} has no element type`);
  const size = typeof dtype === 'string' ? bytesOf(dtype) : undefined;
  if (typeof dtype !== 'string' || size === undefined) {
    throw new CyclopsError(
      `${file}: tensor ${quoted(key)} has the element type ${brief(dtype)}; expected F32, F16, BF16, F64 or another of the format. ` +
        'Convert the file to one of these.',
    );
  }
  if (!isCounts(shape)) throw damaged(file, `tensor ${quoted(key)} has no valid shape`);
  const [begin, end] = isCounts(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined || begin > end || end > dataLength) {
    throw damaged(file, `the data_offsets of tensor ${quoted(key)} do not lie within the ${dataLength} bytes of data`);
  }
  if (elementCount(shape) * size !== end - begin) {
    throw damaged(
      file,
      `tensor ${quoted(key)} of ${dtype} and shape [${shape.slice(0, 8)}${shape.length > 8 ? ', …' : ''}] cannot take ${end - begin} bytes`,
    );
  }
  return { name: key, dtype, shape, begin, end };
}

/** Null for an element type of which there are no tensors here. */
function readTensor({ dtype, shape, begin, end }: TensorEntry, data: Uint8Array): StoredTensor | null {
  const bytes = data.subarray(begin, end);
  if (isFloatElement(dtype)) return { dtype, shape, data: toFloat32(bytes, dtype) };
  if (dtype === 'I32') return { dtype, shape, data: new Int32Array(new Uint8Array(bytes).buffer) };
  return dtype === 'U8' ? { dtype, shape, data: new Uint8Array(bytes) } : null;
}

function bytesOf(dtype: string): number | undefined {
  if (isFloatElement(dtype)) return floatBytes(dtype);
  if (dtype === 'I32') return 4;
  if (dtype === 'U8') return 1;
  return Object.hasOwn(OTHER_BYTES, dtype) ? OTHER_BYTES[dtype] : undefined;
}

function dtypeOf(data: SafetensorsData): 'F32' | 'F16' | 'I32' | 'U8' {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Uint16Array) return 'F16';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

function isStorable(data: unknown): boolean {
  return [Float32Array, Uint16Array, Int32Array, Uint8Array].some((type) => data instanceof type);
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function damaged(file: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${file} is not a complete safetensors file: ${reason}. It is truncated, damaged or of another format; ` +
      'fetch or write it again.',
  );
}
