import { spawnSync } from 'node:child_process';
import { crc32 } from 'node:zlib';

/** Debian's Python, for which there is a package of PyTorch. */
const PYTHON = '/usr/bin/python3';

const probe = spawnSync(PYTHON, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });

/** Whether PyTorch is there; tests that need it are skipped where it is not, and say so. */
export const hasTorch = probe.status === 0;
export const withoutTorch = hasTorch ? '' : ' (skipped: /usr/bin/python3 has no PyTorch)';

/** Runs a program of PyTorch. @returns what it prints */
export function runTorch(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', program, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Bytes that are in memory, as a file. */
export function inMemory(bytes: Uint8Array, name = 'weights.pth') {
  return {
    name,
    size: bytes.length,
    read: (start: number, length: number) => new Uint8Array(bytes.subarray(start, start + length)),
  };
}

/** What a test may make wrong of an entry. */
export interface Entry {
  content: Uint8Array;
  method?: number;
  flags?: number;
  crc?: number;
  /** As the list of entries has it. */
  size?: number;
  offset?: number;
  /** Sizes and offset in 64 bits. */
  wide?: boolean;
}

/** A zip archive of stored entries, from the format's description. @param wide its end in 64 bits */
export function zip(
  entries: Record<string, Entry | Uint8Array>,
  { wide = false, count }: { wide?: boolean; count?: number } = {},
): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const put = (bytes: Buffer) => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const [name, given] of Object.entries(entries)) {
    const entry: Entry = given instanceof Uint8Array ? { content: given } : given;
    const { content, method = 0, flags = 0, crc = crc32(content), size = content.length, offset = at } = entry;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(method, 8);
    header.writeUInt16LE(Buffer.byteLength(name), 26);
    // An extra field, with which PyTorch moves contents to multiples of 64.
    const padding = Buffer.concat([Buffer.from('FB'), Buffer.from([3, 0]), Buffer.from('ZZZ')]);
    header.writeUInt16LE(padding.length, 28);
    put(Buffer.concat([header, Buffer.from(name), padding, content]));
    const listed = Buffer.alloc(46);
    listed.writeUInt32LE(0x02014b50, 0);
    listed.writeUInt16LE(flags, 8);
    listed.writeUInt16LE(method, 10);
    listed.writeUInt32LE(crc, 16);
    listed.writeUInt32LE(entry.wide ? 0xffffffff : size, 20);
    listed.writeUInt32LE(entry.wide ? 0xffffffff : size, 24);
    listed.writeUInt16LE(Buffer.byteLength(name), 28);
    listed.writeUInt32LE(entry.wide ? 0xffffffff : offset, 42);
    const extra = Buffer.alloc(entry.wide ? 28 : 0);
    if (entry.wide) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      for (const [i, value] of [size, size, offset].entries()) extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
    }
    listed.writeUInt16LE(extra.length, 30);
    directory.push(Buffer.concat([listed, Buffer.from(name), extra]));
  }
  const list = Buffer.concat(directory);
  const start = at;
  const number = count ?? directory.length;
  put(list);
  if (wide) {
    const end = Buffer.alloc(56);
    end.writeUInt32LE(0x06064b50, 0);
    for (const [field, value] of [
      [4, 44],
      [24, number],
      [32, number],
      [40, list.length],
      [48, start],
    ] as const)
      end.writeBigUInt64LE(BigInt(value), field);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(at), 8);
    put(end);
    put(locator);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(wide ? 0xffff : number, 8);
  end.writeUInt16LE(wide ? 0xffff : number, 10);
  end.writeUInt32LE(wide ? 0xffffffff : list.length, 12);
  end.writeUInt32LE(wide ? 0xffffffff : start, 16);
  put(end);
  return new Uint8Array(Buffer.concat(parts));
}

/** Instructions of a pickle of protocol 2, as bytes. */
export const op = {
  proto: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  none: Buffer.from('N'),
  no: Buffer.from([0x89]),
  tuple: Buffer.from('t'),
  dict: Buffer.from('}'),
  emptyTuple: Buffer.from(')'),
  setItems: Buffer.from('u'),
  reduce: Buffer.from('R'),
  build: Buffer.from('b'),
  persistent: Buffer.from('Q'),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  text: (text: string) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from('X'), length, bytes]);
  },
  int: (value: number) => {
    const bytes = Buffer.alloc(5);
    bytes.write('J');
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  long: (value: bigint) => {
    const bytes = Buffer.alloc(10, 0);
    bytes.set([0x8a, 8]);
    bytes.writeBigInt64LE(value, 2);
    return bytes;
  },
  put: (index: number) => Buffer.from([0x71, index]),
  get: (index: number) => Buffer.from([0x68, index]),
};

type Code = Uint8Array | readonly Code[];

export function pickled(...code: Code[]): Uint8Array {
  return new Uint8Array(Buffer.concat(code.flatMap(flat)));
}

function flat(code: Code): Uint8Array[] {
  return code instanceof Uint8Array ? [code] : code.flatMap(flat);
}

interface Tensor {
  type?: string;
  key?: string;
  count: bigint | number;
  offset?: bigint | number;
  size: readonly (bigint | number)[];
  stride: readonly (bigint | number)[];
}

const number = (value: bigint | number) => op.long(BigInt(value));

/** The instructions that rebuild a tensor. */
export function tensorCode({ type = 'FloatStorage', key = '0', count, offset = 0, size, stride }: Tensor): Code[] {
  const storage = [
    op.mark,
    op.text('storage'),
    op.global('torch', type),
    op.text(key),
    op.text('cpu'),
    number(count),
    op.tuple,
    op.persistent,
  ];
  const tuple = (items: readonly (bigint | number)[]) => [op.mark, ...items.map(number), op.tuple];
  const hooks = [op.global('collections', 'OrderedDict'), op.emptyTuple, op.reduce];
  return [
    op.global('torch._utils', '_rebuild_tensor_v2'),
    ...[op.mark, storage, number(offset), tuple(size), tuple(stride), op.no, hooks, op.tuple, op.reduce],
  ];
}

/** A .pth file of named tensors. */
export function pth(code: readonly Code[], storages: Record<string, Uint8Array | Entry>): Uint8Array {
  const data = Object.fromEntries(Object.entries(storages).map(([key, content]) => [`archive/data/${key}`, content]));
  return zip({
    'archive/data.pkl': pickled(op.proto, ...code, op.stop),
    ...data,
    'archive/version': Buffer.from('3\n'),
  });
}

/** The instructions of an ordered dict. */
export function dictCode(values: Record<string, Code>): Code[] {
  const items = Object.entries(values).map(([name, code]) => [op.text(name), code]);
  return [op.global('collections', 'OrderedDict'), op.emptyTuple, op.reduce, op.mark, items, op.setItems];
}
