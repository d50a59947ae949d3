import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { decodeModel } from '../../../src/anomaly/detector/model-file.ts';
import { withFile } from '../../../src/data/files/file-bytes.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/data/files/safetensors.ts';
import { readStateDict } from '../../../src/data/files/torch/state-dict.ts';
import { encodeStateDict } from '../../../src/data/files/torch/write-state-dict.ts';
import { type Reader, requireFact, SEEDS } from '../reader.ts';
import { laid } from '../scratch.ts';

const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));

function requireWhole(tensors: ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number> }>): void {
  for (const [name, { shape, data }] of tensors) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    requireFact(count === data.length, `tensor ${JSON.stringify(name)} of [${shape}] has ${data.length} numbers`);
  }
}

export const safetensors: Reader = {
  name: 'safetensors',
  weight: 20,
  seeds: () => [
    encodeSafetensors(new Map([['a', { shape: [2, 3], data: numbers(6) }]]), { format: 'pt' }),
    encodeSafetensors(
      new Map<string, Parameters<typeof encodeSafetensors>[0] extends ReadonlyMap<string, infer T> ? T : never>([
        ['model.0.weight', { shape: [4, 1, 3, 3], data: numbers(36) }],
        ['halves', { shape: [3], data: Uint16Array.of(1, 0x3c00, 0x7e00) }],
        ['counts', { shape: [], data: Int32Array.of(7) }],
        ['bytes', { shape: [0, 5], data: new Uint8Array() }],
      ]),
    ),
  ],
  read(input) {
    requireWhole(decodeSafetensors(input, 'an input').tensors);
  },
};

/** The file that inspectors carry from machine to machine. */
export const model: Reader = {
  name: 'model',
  weight: 6,
  seeds: () => [readFileSync(join(process.env[SEEDS] ?? '', 'run', 'model.safetensors'))],
  read(input) {
    requireWhole(decodeModel(input, 'an input').tensors);
  },
};

/** Checksums of a zip archive's entries, which are stored as they are. */
function mendZip(input: Uint8Array): Uint8Array {
  const file = Buffer.from(input);
  for (let at = file.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = file.indexOf('PK\x01\x02', at + 4, 'latin1')) {
    if (at + 46 > file.length) break;
    const [size, local] = [file.readUInt32LE(at + 20), file.readUInt32LE(at + 42)];
    if (local + 30 > file.length) continue;
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    if (start + size > file.length) continue;
    file.writeUInt32LE(crc32(file.subarray(start, start + size)), at + 16);
  }
  return file;
}

/** A `.pth` of PyTorch: an archive with a program in it. */
export const stateDict: Reader = {
  name: 'state-dict',
  weight: 12,
  seeds: () => {
    const one = new Map([['a', { shape: [2, 3], data: numbers(6) }]]);
    const two = new Map([
      ['model.1.weight', { shape: [3, 2, 1, 1], data: numbers(6) }],
      ['model.1.bias', { shape: [3], data: numbers(3) }],
    ]);
    return [one, two].map((tensors) => Buffer.concat(encodeStateDict(tensors, 'archive')));
  },
  mend: mendZip,
  read(input) {
    requireWhole(withFile(`${laid('state-dict', 'w.pth', input)}/w.pth`, readStateDict).tensors);
  },
};
