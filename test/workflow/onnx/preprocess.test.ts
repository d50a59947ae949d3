import { afterAll, beforeAll, expect, test } from 'vitest';
import { wholeImage } from '../../../src/anomaly/detector/whole-image.ts';
import type { Planes } from '../../../src/data/images/planes.ts';
import { toLevels, type ValueRange } from '../../../src/data/images/value-range.ts';
import { Device } from '../../../src/gpu/device.ts';
import { RandomStream } from '../../../src/tensor/random.ts';
import { GraphBuilder } from '../../../src/workflow/onnx/graph.ts';
import { preprocess } from '../../../src/workflow/onnx/preprocess.ts';
import { encodeOnnx } from '../../../src/workflow/onnx/proto.ts';
import { farthest, openOnnx } from './support.ts';

const random = new RandomStream(Math.floor(Math.random() * 2 ** 32), 0);
let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

interface Case {
  width: number;
  height: number;
  channels: 1 | 3;
  loadSize: number;
  localContrast?: boolean;
  planes?: Planes;
  range?: ValueRange;
}

/** A flat ground but for a little noise, and beyond an edge shading and a texture. */
function samples({ width, height, channels }: Case, least: number, most: number): number[] {
  const edge = Math.floor(width * (0.4 + 0.4 * random.uniform()));
  const count = width * height * channels;
  return Array.from({ length: count }, (_, i) => {
    const isTexture = Math.floor(i / channels) % width > edge;
    const level = isTexture ? 60 + (90 * i) / count + random.integer(100) : 110 + random.integer(3);
    return least + ((most - least) * level) / 255;
  });
}

/** The image as this program and as the graph show it to the networks, both [C, H, W]. */
async function shown(given: Case): Promise<{ own: number[]; onnx: ArrayLike<number> }> {
  const { width, height, channels, loadSize, range = 'full' } = given;
  const { localContrast = false, planes = null } = given;
  const seen = planes ? 3 : channels;
  const isBytes = range === 'full';
  const values = isBytes ? samples(given, 0, 255) : samples(given, range.min - 20, range.max + 20);
  const data = isBytes ? Uint8Array.from(values) : Float32Array.from(values);
  const image = toLevels({ width, height, channels, samples: data }, range, 'an image');
  const size = { width: loadSize, height: loadSize };
  const x = wholeImage(device, image, { channels: seen, loadSize: size, localContrast, planes });
  const side = loadSize - (loadSize % 4);
  const pixels = await x.data();
  x.dispose();
  const own = Array.from(
    { length: pixels.length },
    (_, i) => pixels[(i % side ** 2) * seen + Math.floor(i / side ** 2)] ?? 0,
  );
  const graph = new GraphBuilder();
  const port = { type: isBytes ? 'u8' : 'f32', doc: '' } as const;
  const input = graph.input({ ...port, name: 'image', shape: ['N', 'H', 'W', channels] });
  graph.output(preprocess(graph, input, { loadSize, localContrast, planes, range }), {
    ...{ name: 'x', type: 'f32', shape: ['N', seen, side, side], doc: '' },
  });
  const run = await openOnnx(encodeOnnx({ version: '', doc: '', graph: graph.graph('preprocess'), metadata: {} }));
  const { x: found } = await run(data, [1, height, width, channels]);
  expect(found?.dims).toEqual([1, seen, side, side]);
  return { own, onnx: found?.data ?? [] };
}

const bytesOf = (values: ArrayLike<number>) => Array.from(values, (value) => Math.round((value + 1) * 127.5));

const CASES: [string, Case][] = [
  ['smaller', { width: 96, height: 71, channels: 3, loadSize: 32 }],
  ['much smaller', { width: 611, height: 127, channels: 1, loadSize: 24 }],
  ['larger, and cut', { width: 17, height: 5, channels: 3, loadSize: 30 }],
  ['larger one way', { width: 9, height: 90, channels: 1, loadSize: 31 }],
  ['of the model’s size', { width: 28, height: 28, channels: 3, loadSize: 28 }],
];

test.each(CASES)('an image that is to be %s has the same bytes', async (_, given) => {
  const { own, onnx } = await shown(given);
  expect(bytesOf(onnx)).toEqual(bytesOf(own));
  expect(farthest(onnx, own)).toBeLessThan(1e-6);
});

test.each(CASES)('after local contrast an image that is to be %s has the same bytes', async (_, given) => {
  const { own, onnx } = await shown({ ...given, localContrast: true });
  const [a, b] = [bytesOf(onnx), bytesOf(own)];
  // Running sums are added in another order. Where that tips a mean that lies between two floats, a level may tip in turn.
  expect(farthest(a, b)).toBeLessThanOrEqual(1);
  expect(a.filter((byte, i) => byte !== b[i]).length).toBeLessThanOrEqual(1);
});

test.each(CASES)('as planes an image that is to be %s has the same bytes', async (_, given) => {
  const { own, onnx } = await shown({ ...given, channels: 1, planes: ['mirror', 'wide', 'whole'] });
  const [a, b] = [bytesOf(onnx), bytesOf(own)];
  expect(farthest(a, b)).toBeLessThanOrEqual(1);
  expect(a.filter((byte, i) => byte !== b[i]).length).toBeLessThanOrEqual(3);
});

test.each([true, false])('values of a range become the same levels, with local contrast: %s', async (localContrast) => {
  const given = { width: 61, height: 40, channels: 1, loadSize: 26, range: { min: 200, max: 3900 } } as const;
  const { own, onnx } = await shown({ ...given, localContrast });
  expect(Math.max(...own) - Math.min(...own)).toBeGreaterThan(0.5);
  expect(farthest(onnx, own)).toBeLessThan(2e-5);
});
