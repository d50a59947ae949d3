import { crc32 } from 'node:zlib';
import { CyclopsError } from '../../../gpu/errors.ts';
import { OP } from './pickle.ts';

/** Weights to write. */
export interface WrittenTensor {
  shape: readonly number[];
  data: Float32Array;
}

/** PyTorch maps storages into memory where they begin at such a multiple. */
const ALIGNMENT = 64;
const LOCAL_HEADER_BYTES = 30;
/** Tag and length of an extra field. */
const EXTRA_BYTES = 4;
/** 1 January 1980, the first day that a zip archive knows: the same weights give the same bytes. */
const NO_DATE = 0x21;
const LARGEST = 2 ** 32 - 1;

/**
 * A state dict as `torch.save` writes it, piece by piece: a zip archive of stored entries, with a pickle of protocol 2 that rebuilds the
 * tensors, and the elements of each. `torch.load(path, weights_only=True)` reads it. The same weights give the same bytes.
 *
 * @param name of the folder in the archive, which PyTorch names like the file
 * @throws CyclopsError for weights of 4 GiB and more
 */
export function encodeStateDict(tensors: ReadonlyMap<string, WrittenTensor>, name: string): Uint8Array[] {
  const storages = [...tensors.values()].map(
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  const text = new TextEncoder();
  const entries: [string, Uint8Array][] = [
    ['data.pkl', encodePickle(tensors)],
    ['byteorder', text.encode('little')],
    ...storages.map((bytes, i): [string, Uint8Array] => [`data/${i}`, bytes]),
    ['version', text.encode('3\n')],
  ];
  return encodeZip(entries.map(([entry, bytes]) => [`${name}/${entry}`, bytes]));
}

function encodePickle(tensors: ReadonlyMap<string, WrittenTensor>): Uint8Array {
  const code: Uint8Array[] = [bytes(OP.PROTO, 2), ...emptyDict(), bytes(OP.MARK)];
  for (const [i, [name, tensor]] of [...tensors].entries()) code.push(textCode(name), ...tensorCode(tensor, i));
  code.push(bytes(OP.SETITEMS, OP.STOP));
  return joined(code);
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`, with the storage of this number. */
function tensorCode({ shape, data }: WrittenTensor, storage: number): Uint8Array[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  return [
    ...[globalCode('torch._utils', '_rebuild_tensor_v2'), bytes(OP.MARK)],
    ...[
      bytes(OP.MARK),
      textCode('storage'),
      globalCode('torch', 'FloatStorage'),
      textCode(`${storage}`),
      textCode('cpu'),
    ],
    ...[intCode(data.length), bytes(OP.TUPLE, OP.BINPERSID)],
    ...[intCode(0), ...tupleCode(shape), ...tupleCode(strides), bytes(OP.NEWFALSE), ...emptyDict()],
    bytes(OP.TUPLE, OP.REDUCE),
  ];
}

function emptyDict(): Uint8Array[] {
  return [globalCode('collections', 'OrderedDict'), bytes(OP.EMPTY_TUPLE, OP.REDUCE)];
}

function tupleCode(items: readonly number[]): Uint8Array[] {
  return [bytes(OP.MARK), ...items.map(intCode), bytes(OP.TUPLE)];
}

function globalCode(module: string, name: string): Uint8Array {
  return joined([bytes(OP.GLOBAL), new TextEncoder().encode(`${module}\n${name}\n`)]);
}

function textCode(text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  return joined([bytes(OP.BINUNICODE), fields([4, encoded.length]), encoded]);
}

/** Of 32 bits, which are enough for the counts of an archive below 4 GiB. */
function intCode(value: number): Uint8Array {
  return joined([bytes(OP.BININT), fields([4, value])]);
}

/** Stored entries, each at a multiple of 64 bytes. Source: PKWARE, APPNOTE.TXT 6.3.10, 4.3. */
function encodeZip(entries: readonly [name: string, content: Uint8Array][]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const put = (...parts: Uint8Array[]) => {
    for (const part of parts) at += part.length;
    pieces.push(...parts);
  };
  for (const [name, content] of entries) {
    const encoded = new TextEncoder().encode(name);
    const before = at + LOCAL_HEADER_BYTES + encoded.length + EXTRA_BYTES;
    const padding = (ALIGNMENT - (before % ALIGNMENT)) % ALIGNMENT;
    const size = content.length;
    // Version, flags, method and date; checksum, and both sizes.
    const common = fields([2, 20], [2, 0], [2, 0], [2, 0], [2, NO_DATE], [4, crc32(content)], [4, size], [4, size]);
    const listed = fields([2, encoded.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, at]);
    directory.push(fields([4, 0x02014b50], [2, 20]), common, listed, encoded);
    // As PyTorch pads, with a field that it calls FB.
    const extra = joined([fields([2, 0x4246], [2, padding]), new Uint8Array(padding).fill(0x5a)]);
    put(fields([4, 0x04034b50]), common, fields([2, encoded.length], [2, extra.length]), encoded, extra, content);
  }
  const start = at;
  put(...directory);
  const count = entries.length;
  put(fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, at - start], [4, start], [2, 0]));
  if (at <= LARGEST) return pieces;
  throw new CyclopsError(
    `These weights take ${at} bytes; a .pth file of at most ${LARGEST} can be written. Write safetensors.`,
  );
}

/** Whole numbers, little-endian, each of so many bytes. */
function fields(...values: readonly [size: 2 | 4, value: number][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of values) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
