import { describe, expect, it } from 'vitest';
import { readStateDict } from '../../../../src/data/files/torch/state-dict.ts';
import { encodeStateDict, type WrittenTensor } from '../../../../src/data/files/torch/write-state-dict.ts';
import { put, useTemporaryFolder } from '../../support.ts';
import { hasTorch, inMemory, runTorch, withoutTorch } from './torch-support.ts';

const path = useTemporaryFolder();

function someTensors(): Map<string, WrittenTensor> {
  const shapes = { 'model.1.weight': [3, 2, 7, 5], 'model.1.bias': [3], 'ä.weight': [1, 1], scalar: [], none: [0, 4] };
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      return [name, { shape, data: Float32Array.from({ length: count }, () => Math.random() - 0.5) }];
    }),
  );
}

describe('encodeStateDict', () => {
  it('is read back with the same bits, and gives the same bytes each time', () => {
    const tensors = someTensors();
    const bytes = Buffer.concat(encodeStateDict(tensors, 'latest_net_G_A'));
    const { tensors: read, skipped } = readStateDict(inMemory(bytes));
    expect([...read]).toEqual([...tensors]);
    expect(skipped.size).toBe(0);
    expect(Buffer.concat(encodeStateDict(tensors, 'latest_net_G_A'))).toEqual(bytes);
  });

  it('writes what lies within a larger array, at multiples of 64 bytes', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const bytes = Buffer.concat(encodeStateDict(new Map([['w', { shape: [2], data }]]), 'w'));
    expect([...(readStateDict(inMemory(bytes)).tensors.get('w')?.data ?? [])]).toEqual([2, 3]);
    expect(bytes.indexOf(Buffer.from(Float32Array.of(2, 3).buffer)) % 64).toBe(0);
  });

  it.skipIf(!hasTorch)(`is what torch.load takes with weights_only${withoutTorch}`, () => {
    const tensors = someTensors();
    put(path('w.pth'), Buffer.concat(encodeStateDict(tensors, 'w')));
    const said = runTorch(
      `
import sys, json, torch, zipfile
zipfile.ZipFile(sys.argv[1]).testzip()
loaded = torch.load(sys.argv[1], weights_only=True)
print(json.dumps({name: [list(t.shape), t.flatten().tolist(), str(t.dtype), t.is_contiguous()] for name, t in loaded.items()}))
`,
      path('w.pth'),
    );
    const expected = [...tensors].map(([name, { shape, data }]) => [name, [shape, [...data], 'torch.float32', true]]);
    expect(JSON.parse(said)).toEqual(Object.fromEntries(expected));
  });
});
