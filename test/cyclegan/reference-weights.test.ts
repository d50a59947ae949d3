import { describe, expect, it } from 'vitest';
import { adoptDiscriminator, adoptGenerator, type ForeignWeights } from '../../src/cyclegan/reference-weights.ts';
import { readStateDict } from '../../src/data/files/torch/state-dict.ts';
import { encodeStateDict } from '../../src/data/files/torch/write-state-dict.ts';
import { inMemory, zip } from '../data/files/torch/torch-support.ts';
import { expectRefusal, randomNumbers, survives } from '../data/support.ts';

/** Tensors of these shapes. */
function weights(shapes: Record<string, readonly number[]>, skipped: Record<string, string> = {}): ForeignWeights {
  const tensor = (shape: readonly number[]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    return { shape, data: Float32Array.from({ length: count }, () => Math.random()) };
  };
  return {
    tensors: new Map(Object.entries(shapes).map(([name, shape]) => [name, tensor(shape)])),
    skipped: new Map(Object.entries(skipped)),
  };
}

/** The convolutions of the reference's generator: name and shape of weight and bias. */
function generatorShapes(ngf: number, blocks: number, channels: number, second = 5): Record<string, number[]> {
  const convolution = (layer: string, shape: number[], outputs = shape[0] ?? 0) => ({
    [`model.${layer}.weight`]: shape,
    [`model.${layer}.bias`]: [outputs],
  });
  const block = (index: number) => ({
    ...convolution(`${10 + index}.conv_block.1`, [4 * ngf, 4 * ngf, 3, 3]),
    ...convolution(`${10 + index}.conv_block.${second}`, [4 * ngf, 4 * ngf, 3, 3]),
  });
  return {
    ...convolution('1', [ngf, channels, 7, 7]),
    ...convolution('4', [2 * ngf, ngf, 3, 3]),
    ...convolution('7', [4 * ngf, 2 * ngf, 3, 3]),
    ...Object.assign({}, ...Array.from({ length: blocks }, (_, i) => block(i))),
    ...convolution(`${10 + blocks}`, [4 * ngf, 2 * ngf, 3, 3], 2 * ngf),
    ...convolution(`${13 + blocks}`, [2 * ngf, ngf, 3, 3], ngf),
    ...convolution(`${17 + blocks}`, [channels, ngf, 7, 7]),
  };
}

const prefixed = (shapes: Record<string, number[]>, prefix: string) =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [prefix + name, shape]));

describe('adoptGenerator', () => {
  it('tells sizes by shapes', () => {
    for (const [ngf, blocks, channels] of [
      [3, 1, 1],
      [2, 9, 3],
      [5, 6, 3],
    ] as const) {
      const found = adoptGenerator(weights(generatorShapes(ngf, blocks, channels)), 'g.pth');
      expect(found).toMatchObject({ ngf, blocks, channels, remarks: [] });
      expect([...found.tensors.keys()]).toEqual(Object.keys(generatorShapes(ngf, blocks, channels)));
    }
  });

  it('takes wrappers, statistics and dropout away, and says so', () => {
    const shapes = { ...generatorShapes(2, 2, 3, 6), 'model.2.running_mean': [2], 'model.2.running_var': [2] };
    const given = weights(prefixed(shapes, 'module.'), {
      'module.model.2.num_batches_tracked': 'I64',
      'module.epoch': 'I64',
    });
    const { tensors, remarks, blocks } = adoptGenerator(given, 'g.pth');
    expect(blocks).toBe(2);
    expect([...tensors.keys()]).toEqual(Object.keys(generatorShapes(2, 2, 3)));
    expect(tensors.get('model.11.conv_block.5.bias')?.data).toBe(
      given.tensors.get('module.model.11.conv_block.6.bias')?.data,
    );
    expect(remarks.join(' ')).toMatch(
      /3 running statistics were left out.*'module.epoch' was left out: it is I64.*dropout/,
    );
  });

  it('refuses other networks by what they are', () => {
    const of = (shapes: Record<string, number[]>) => () => adoptGenerator(weights(shapes), 'g.pth');
    expectRefusal(of({ 'model.model.0.weight': [4, 3, 4, 4] }), 'g.pth', 'U-Net generator');
    expectRefusal(
      of({ ...generatorShapes(2, 1, 3), 'model.2.weight': [2] }),
      "norm with weights, 'model.2.weight'",
      '--norm instance',
    );
    expectRefusal(of({ ...generatorShapes(2, 1, 3), 'model.10.conv_block.0.weight': [8, 8, 3, 3] }), 'pad with zeros');
    expectRefusal(of({ 'model.0.weight': [4, 3, 4, 4] }), 'no generator', "there is none. It holds 'model.0.weight'");
    expectRefusal(of({ 'model.1.weight': [4, 3, 3, 3] }), 'has the shape [4,3,3,3]');
    expectRefusal(of({}), 'It holds nothing');
  });
});

describe('adoptDiscriminator', () => {
  const patch = (ndf: number, layers: number, channels: number): Record<string, number[]> => {
    const filters = (layer: number) => ndf * Math.min(2 ** layer, 8);
    const inner = Array.from({ length: layers }, (_, i) => [
      `model.${3 * i + 2}.weight`,
      [filters(i + 1), filters(i), 4, 4],
    ]);
    return {
      'model.0.weight': [ndf, channels, 4, 4],
      ...Object.fromEntries(inner),
      [`model.${3 * layers + 2}.weight`]: [1, filters(layers), 4, 4],
    };
  };

  it('tells sizes by shapes', () => {
    for (const [ndf, layers, channels] of [
      [4, 3, 3],
      [3, 1, 1],
      [2, 5, 3],
    ] as const) {
      const found = adoptDiscriminator(weights(patch(ndf, layers, channels)), 'd.pth');
      expect(found).toMatchObject({ netD: 'patch', ndf, layers, channels });
    }
  });

  it('knows a segmenter by its own names', () => {
    const shapes = { 'stem.weight': [6, 3, 4, 4], 'halve1.weight': [12, 6, 3, 3], 'halve2.weight': [24, 12, 3, 3] };
    expect(adoptDiscriminator(weights(shapes), 'd')).toMatchObject({ netD: 'unet', ndf: 6, layers: 3, channels: 3 });
  });

  it('refuses other networks by what they are', () => {
    const of = (shapes: Record<string, number[]>) => () => adoptDiscriminator(weights(shapes), 'd.pth');
    expectRefusal(of({ 'net.0.weight': [4, 3, 1, 1] }), 'single pixels');
    expectRefusal(of(generatorShapes(2, 1, 3)), 'd.pth holds no discriminator');
  });
});

it('damaged names, sizes and strides of a real file are refused in words, whatever its checksums say', () => {
  const { tensors } = weights(generatorShapes(2, 1, 3));
  const pieces = Buffer.concat(encodeStateDict(tensors, 'net'));
  const start = pieces.indexOf(Buffer.from([0x80, 2, 0x63]));
  const pickle = pieces.subarray(start, pieces.indexOf('u.', start) + 2);
  const storages = Object.fromEntries(
    [...tensors.values()].map(({ data }, i) => [`net/data/${i}`, new Uint8Array(data.buffer)]),
  );
  const archive = (content: Uint8Array) => inMemory(zip({ 'net/data.pkl': content, ...storages }));
  expect(adoptGenerator(readStateDict(archive(pickle)), 'net.pth')).toMatchObject({ ngf: 2, blocks: 1 });
  const random = randomNumbers(1 + Math.floor(Math.random() * 1e9));
  let taken = 0;
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from(pickle);
    for (let i = 0; i <= 2 * random(); i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    if (survives(() => adoptGenerator(readStateDict(archive(bytes)), 'net.pth'))) taken++;
  }
  expect(taken).toBeLessThan(5000);
});
