import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AVERAGE } from '../../../src/anomaly/calibration/average.ts';
import { combine } from '../../../src/anomaly/calibration/combination.ts';
import { COMBINED } from '../../../src/anomaly/calibration/cross-combination.ts';
import { MAP_NAMES, mapNamed, requireMap } from '../../../src/anomaly/maps/list.ts';
import { computeScores, partsOf, scoresFor } from '../../../src/anomaly/scores/list.ts';
import { disposeMeasured, measure, readParts } from '../../../src/anomaly/scores/measure.ts';
import { POOLINGS, type PoolingName } from '../../../src/anomaly/scores/poolings.ts';
import { type PooledMap, spelled } from '../../../src/anomaly/scores/score.ts';
import type { JudgedSizes } from '../../../src/cyclegan/config.ts';
import { NETWORK_NAMES } from '../../../src/cyclegan/network-names.ts';
import { type Architecture, makeNetworks, type Networks } from '../../../src/cyclegan/network-set.ts';
import type { StoredTensor } from '../../../src/data/files/safetensors.ts';
import { Device } from '../../../src/gpu/device.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { GraphBuilder } from '../../../src/workflow/onnx/graph.ts';
import { onnxMaps } from '../../../src/workflow/onnx/maps.ts';
import { onnxPasses } from '../../../src/workflow/onnx/passes.ts';
import { pool } from '../../../src/workflow/onnx/poolings.ts';
import { encodeOnnx } from '../../../src/workflow/onnx/proto.ts';
import { onnxScore } from '../../../src/workflow/onnx/scores.ts';
import { random } from '../../oracles/compare.ts';
import { farthest, largest, openOnnx } from './support.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const [N, H, W] = [2, 28, 36];
const LIMIT = 1e-4;
const POOLING_NAMES = Object.keys(POOLINGS) as PoolingName[];

/** Networks with random weights, and images of a texture. */
async function made(architecture: Architecture, judged: JudgedSizes = PLAIN) {
  const networks = makeNetworks(device, architecture, Math.floor(Math.random() * 2 ** 32));
  const tensors = new Map<string, StoredTensor>();
  for (const name of NETWORK_NAMES) {
    networks[name].setRequiresGrad(false);
    for (const [parameter, { shape, data }] of await networks[name].stateDict())
      tensors.set(`${name}.${parameter}`, { dtype: 'F32', shape: [...shape], data });
  }
  const { channels } = architecture;
  const pixels = random(N * H * W * channels);
  const x = Tensor.from(device, pixels, [N, H, W, channels]);
  const graph = new GraphBuilder();
  const input = graph.input({ name: 'image', type: 'f32', shape: ['N', H, W, channels], doc: '' });
  const value = graph.node('Transpose', [input], { perm: { ints: [0, 3, 1, 2] } });
  const passes = onnxPasses(
    { graph, weights: { source: 'the test', tensors } },
    architecture,
    {
      value,
      channels,
      height: H,
      width: W,
    },
    judged,
  );
  return { networks, pixels, x, graph, passes, maps: onnxMaps(passes) };
}

function namesOf(networks: Networks): string[] {
  const fixed = (MAP_NAMES.match(/\w+/g) ?? []).filter((name) => mapNamed(name) !== undefined && name !== 'gradient');
  const layers = (['dn', 'da', 'ga'] as const).flatMap((observer) =>
    ({ dn: networks.D_A, da: networks.D_B, ga: networks.G_A })[observer].hiddenFields.map(
      (_, i) => `${observer}_features${i + 1}`,
    ),
  );
  const all = [...new Set([...fixed, ...layers])];
  return 'pixels' in networks.D_A ? all : all.filter((name) => !name.startsWith('dn_pixels'));
}

const PATCH: Architecture = { channels: 3, ngf: 3, ndf: 3, blocks: 2, discriminatorLayers: 2 };
const PLAIN: JudgedSizes = { crop: null, share: 1 };
const CROP = 24;
const UNET: Architecture = { channels: 1, ngf: 2, netD: 'unet', ndf: 4, blocks: 0, discriminatorLayers: 3 };

describe.each([
  ['PatchGANs of colour', PATCH, PLAIN],
  ['a segmenter of gray', UNET, PLAIN],
  ['a segmenter that judges crops too', UNET, { crop: CROP, share: 1 }],
  ['a segmenter that judges smaller copies too', UNET, { crop: null, share: 0.7 }],
  ['a segmenter that judges crops of all sizes', UNET, { crop: CROP, share: 0.7 }],
] as const)('of %s', (_, architecture, judged) => {
  it('x̂, every map in its image, and every pooling of it are those of this program', async () => {
    const { networks, pixels, x, graph, passes, maps } = await made(architecture, judged);
    const names = namesOf(networks);
    expect(names.length).toBeGreaterThan(25);
    const parts = names.flatMap((name) =>
      POOLING_NAMES.map((pooling): PooledMap => ({ map: requireMap(name), pooling })),
    );
    const output = (name: string, value: Parameters<GraphBuilder['output']>[0], type: 'f32' | 'f64', shape: string[]) =>
      graph.output(value, { name, type, shape, doc: '' });
    output(
      'reconstruction',
      graph.node('Transpose', [passes.reconstruction().value], { perm: { ints: [0, 2, 3, 1] } }),
      'f32',
      ['N', 'H', 'W', 'C'],
    );
    for (const name of names) output(name, maps.placed(requireMap(name)).value, 'f32', ['N', 'C', 'H', 'W']);
    for (const part of parts)
      output(spelled(part), pool(graph, part.pooling, maps.plane(part.map).volume), 'f64', ['N']);
    const run = await openOnnx(encodeOnnx({ version: '', doc: '', graph: graph.graph('maps'), metadata: {} }));
    const found = await run(pixels, [N, H, W, architecture.channels]);
    const measured = measure(networks, x, {
      parts,
      maps: names.map(requireMap),
      wantsReconstruction: true,
      tile: null,
      judged,
    });
    const own = (await measured.reconstruction?.data()) ?? [];
    expect(farthest(found.reconstruction?.data ?? [], own) / largest(own)).toBeLessThan(LIMIT);
    const pooled = await readParts(measured, parts, N);
    for (const [i, name] of names.entries()) {
      const values = (await measured.maps[i]?.data()) ?? [];
      const scale = largest(values);
      expect(scale, name).toBeGreaterThan(0);
      expect(found[name]?.dims, name).toEqual([N, 1, H, W]);
      expect(farthest(found[name]?.data ?? [], values) / scale, name).toBeLessThan(LIMIT);
      for (const pooling of POOLING_NAMES) {
        const long = `${name}.${pooling}`;
        const expected = pooled.map((of) => of.get(long) ?? Number.NaN);
        // Of a sum, the limit is that of all that is added.
        const most = pooling === 'sum' ? scale * H * W * 16 : scale;
        expect(farthest(found[long]?.data ?? [], expected) / most, long).toBeLessThan(LIMIT);
      }
    }
    disposeMeasured(measured);
  });

  it('every score that calibration tries, and a combination of them, are those of this program', async () => {
    const { networks, pixels, x, graph, maps } = await made(architecture, judged);
    const scores = scoresFor(networks);
    const names = scores.map(({ info }) => info.name);
    const byName = (value: () => number) => Object.fromEntries(names.map((name) => [name, value()]));
    const combination = {
      weights: byName(Math.random),
      bias: -3,
      means: byName(() => 0.1),
      sds: byName(() => 1 + Math.random()),
    };
    const average = { scores: names.slice(0, 2), combination: { ...combination, bias: 5 } };
    for (const name of [...names, COMBINED.name, AVERAGE.name]) {
      graph.output(onnxScore(graph, maps, name, { combination, average }), {
        name,
        type: 'f64',
        shape: ['N'],
        doc: '',
      });
    }
    const run = await openOnnx(encodeOnnx({ version: '', doc: '', graph: graph.graph('scores'), metadata: {} }));
    const found = await run(pixels, [N, H, W, architecture.channels]);
    const parts = partsOf(scores);
    const measured = measure(networks, x, { parts, tile: null, judged });
    for (const [i, values] of (await readParts(measured, parts, N)).entries()) {
      const own = computeScores(values, scores);
      own[COMBINED.name] = combine(combination, own);
      own[AVERAGE.name] = combine(average.combination, own);
      for (const [name, score] of Object.entries(own)) {
        const off = Math.abs((found[name]?.data[i] ?? Number.NaN) - score);
        expect(off, name).toBeLessThan(LIMIT * Math.max(1, Math.abs(score)));
      }
    }
    disposeMeasured(measured);
  });

  it('a gradient, and a map that the networks do not have, are refused in words', async () => {
    const { maps } = await made(architecture, judged);
    expect(() => maps.plane(requireMap('gradient'))).toThrow(
      /gradient cannot be written as ONNX: it needs a backward pass.*--by and --map/,
    );
    expect(() => maps.plane(requireMap('dn_features9'))).toThrow(
      /no map dn_features9: that network has 3 hidden layers/,
    );
    if (architecture === PATCH)
      expect(() => maps.plane(requireMap('dn_pixels'))).toThrow(/no map dn_pixels: D_n judges patches alone/);
  });
});
