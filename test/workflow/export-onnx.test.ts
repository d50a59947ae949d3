import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadModel } from '../../src/anomaly/detector/model-file.ts';
import { readModel } from '../../src/anomaly/detector/stored-model.ts';
import { wholeImage } from '../../src/anomaly/detector/whole-image.ts';
import { noGrad } from '../../src/autograd/tape.ts';
import { type PresetName, preset } from '../../src/cyclegan/presets.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/data/files/safetensors.ts';
import { toChannels } from '../../src/data/images/channels.ts';
import { decodeImage } from '../../src/data/images/decode.ts';
import type { DecodedImage } from '../../src/data/images/decoded-image.ts';
import type { Planes } from '../../src/data/images/planes.ts';
import type { ValueRange } from '../../src/data/images/value-range.ts';
import { Detector, Device, type Judgement } from '../../src/detector.ts';
import { scope } from '../../src/tensor/scope.ts';
import { detectorGraph } from '../../src/workflow/onnx/detector-graph.ts';
import { encodeOnnx } from '../../src/workflow/onnx/proto.ts';
import { exportOnnx, train } from '../../src/workflow.ts';
import { here } from '../cli/here.ts';
import { makeData, temporaryFolder } from '../cli/support.ts';
import { farthest, openOnnx } from './onnx/support.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const SHIPPED = fileURLToPath(new URL('../../data/bsdata_pitting', import.meta.url));
const LIMIT = 1e-4;

/** A Python that has ONNX. */
const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import onnx']).status === 0);
const WITHOUT = python ? '' : ' (left out: no Python here has onnx, which is python3-onnx of Debian)';

const folder = temporaryFolder();
let device: Device;
let data: string;
let photographs: DecodedImage[];

beforeAll(async () => {
  device = await Device.open({ checked: true });
  data = makeData(folder.path('data'), { normal: 8, abnormal: 6 });
  const paths = ['normal', 'abnormal'].flatMap((label) =>
    readdirSync(join(SHIPPED, label))
      .sort()
      .slice(0, 10)
      .map((name) => join(SHIPPED, label, name)),
  );
  photographs = await Promise.all(paths.map((path) => decodeImage(path)));
});
afterAll(() => {
  device.close();
  folder.remove();
});

interface Case {
  preset: PresetName;
  inputNc: 1 | 3;
  localContrast: boolean;
  planes?: Planes;
  loadSize: number;
}

/** Trains for some steps, and calibrates. @returns the model file */
async function trained({ preset: name, ...chosen }: Case): Promise<string> {
  const small = { blocks: 1, ngf: 4, ndf: 4, cropSize: 28, poolSize: 2, sampleInterval: 0, steps: 6, ema: 0.5 };
  const out = folder.path(`${name}-${Object.values(chosen).join('-')}`);
  if (!existsSync(out))
    await train({ device, data, out, config: { ...preset(name), ...small, ...chosen }, tune: false });
  return join(out, 'model.safetensors');
}

const SEGMENT: Case = { preset: 'segment', inputNc: 3, localContrast: true, loadSize: 32 };

/** A threshold in the widest gap between the scores in the middle, so that some are flagged, and how far it is from any. */
function between(scores: readonly number[]): { threshold: number; apart: number } {
  const sorted = scores.toSorted((a, b) => a - b).slice(5, 15);
  const gaps = sorted
    .slice(1)
    .map((score, i) => ({ threshold: (score + (sorted[i] ?? 0)) / 2, apart: (score - (sorted[i] ?? 0)) / 2 }));
  return gaps.toSorted((a, b) => b.apart - a.apart)[0] ?? { threshold: 0, apart: 0 };
}

/** What the networks themselves make of photographs, in floats. */
async function reconstructions(model: string): Promise<Float32Array[]> {
  const networks = loadModel(device, readModel(model));
  const made: Float32Array[] = [];
  for (const photograph of photographs) {
    const x = wholeImage(device, photograph, networks.shown);
    const y = scope(() => noGrad(() => networks.networks.G_A.forward(x)));
    made.push(await y.data());
    for (const tensor of [x, y]) tensor.dispose();
  }
  networks.dispose();
  return made;
}

const rangeOf = (values: readonly number[]) => Math.max(...values) - Math.min(...values);

describe('a model as an ONNX graph', () => {
  it.each([
    { preset: 'quick', inputNc: 3, localContrast: false, loadSize: 34 },
    { preset: 'quick', inputNc: 1, localContrast: true, loadSize: 32 },
    SEGMENT,
    { preset: 'segment', inputNc: 1, localContrast: false, loadSize: 40 },
    { preset: 'segment', inputNc: 3, localContrast: false, planes: ['near', 'whole', 'mirror'], loadSize: 36 },
  ] as Case[])(
    'of $preset with $inputNc channels, local contrast $localContrast, judges photographs as it does here',
    async (chosen) => {
      const model = await trained(chosen);
      const detector = await Detector.open(model, { device });
      const judged: Judgement[] = [];
      for (const photograph of photographs) judged.push(await detector.score(photograph));
      const { heatMapThreshold, by, map } = detector;
      detector.dispose();
      const own = { reconstructions: await reconstructions(model), scores: judged.map(({ score }) => score) };
      const { threshold, apart } = between(own.scores);
      expect(apart).toBeGreaterThan(2 * LIMIT * rangeOf(own.scores));

      const file = folder.path('model.onnx');
      expect(exportOnnx({ model, file, threshold })).toEqual({ bytes: readFileSync(file).length, by, threshold, map });
      const run = await openOnnx(readFileSync(file));
      const heat = judged.map(({ heatMap }) => heatMap?.values ?? new Float32Array());
      const heatRange = rangeOf(heat.flatMap((values) => [...values]));
      const side = chosen.loadSize - (chosen.loadSize % 4);
      const channels = chosen.planes ? 1 : chosen.inputNc;
      for (const batch of [photographs.slice(0, 1), photographs.slice(1, 8), photographs.slice(8)]) {
        const [{ width, height } = { width: 0, height: 0 }] = batch;
        const first = photographs.indexOf(batch[0] ?? photographs[0]!);
        const shown = batch.map((photograph) => toChannels(photograph, channels).pixels);
        const bytes = Uint8Array.from(shown.flatMap((pixels) => [...pixels]));
        const found = await run(bytes, [batch.length, height, width, channels]);
        expect(found.reconstruction?.dims).toEqual([batch.length, side, side, chosen.inputNc]);
        expect(found.heatmap?.dims).toEqual([batch.length, side, side]);
        const part = (name: string, i: number) => {
          const values = Array.from(found[name]?.data ?? []);
          return values.slice((i * values.length) / batch.length, ((i + 1) * values.length) / batch.length);
        };
        for (const i of batch.keys()) {
          const expected = judged[first + i]!;
          expect(farthest(part('reconstruction', i), own.reconstructions[first + i]!)).toBeLessThan(2 * LIMIT);
          expect(farthest(part('heatmap', i), heat[first + i]!)).toBeLessThan(LIMIT * heatRange);
          expect(part('hot', i)).toEqual(
            part('heatmap', i).map((value) => Number(value > (heatMapThreshold ?? Number.NaN))),
          );
          expect(Math.abs((part('score', i)[0] ?? Number.NaN) - expected.score)).toBeLessThan(
            LIMIT * rangeOf(own.scores),
          );
          expect(part('flagged', i)).toEqual([Number(expected.score >= threshold)]);
        }
      }
    },
  );

  it('takes an image of any height and width', async () => {
    const model = await trained(SEGMENT);
    const file = folder.path('sizes.onnx');
    exportOnnx({ model, file });
    const run = await openOnnx(readFileSync(file));
    const detector = await Detector.open(model, { device });
    for (const [width, height] of [
      [7, 90],
      [200, 33],
    ] as const) {
      const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i % 97) + (i % 7) * 20);
      const { score, heatMap } = await detector.score({ width, height, channels: 3, pixels });
      const found = await run(pixels, [1, height, width, 3]);
      expect(Math.abs((found.score?.data[0] ?? Number.NaN) - score)).toBeLessThan(1e-3 * Math.max(1, Math.abs(score)));
      const scale = rangeOf([...(heatMap?.values ?? [])]);
      expect(farthest(found.heatmap?.data ?? [], heatMap?.values ?? [])).toBeLessThan(1e-3 * scale);
    }
    detector.dispose();
  });

  it('takes samples as a file has them where the model was trained with a range of values', async () => {
    const model = readModel(await trained(SEGMENT));
    const of = (range: ValueRange) => ({ ...model, config: { ...model.config, localContrast: false, range } });
    const [full, ranged] = [of('full'), of({ min: 100, max: 355 })].map((chosen) => detectorGraph(chosen, {}).onnx);
    const bytes = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 7919) % 256);
    const byBytes = await (await openOnnx(encodeOnnx(full!)))(bytes, [1, 32, 32, 3]);
    const bySamples = await (await openOnnx(encodeOnnx(ranged!)))(
      Float32Array.from(bytes, (v) => v + 100),
      [1, 32, 32, 3],
    );
    for (const name of ['reconstruction', 'heatmap', 'score']) expect(bySamples[name]).toEqual(byBytes[name]);
    expect(ranged?.metadata.range).toBe('100 to 355');
  });

  it('decides by another score and shows another map where they are asked for', async () => {
    const model = await trained(SEGMENT);
    const file = folder.path('other.onnx');
    const asked = { by: 'contrast.p8', threshold: 0.5, map: 'residual9' };
    expect(exportOnnx({ model, file, ...asked })).toMatchObject(asked);
    const run = await openOnnx(readFileSync(file));
    const [photograph] = photographs;
    const { width, height, pixels } = photograph!;
    const found = await run(pixels, [1, height, width, 3]);
    const detector = await Detector.open(model, { device, ...asked });
    const { score, heatMap } = await detector.score(photograph!);
    detector.dispose();
    expect(Math.abs((found.score?.data[0] ?? Number.NaN) - score)).toBeLessThan(LIMIT * score);
    expect(farthest(found.heatmap?.data ?? [], heatMap!.values)).toBeLessThan(LIMIT * Math.max(...heatMap!.values));
  });
});

const CHECK = `
import json, sys, onnx
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
graph = model.graph
port = lambda p: [[d.dim_param or d.dim_value for d in p.type.tensor_type.shape.dim], p.type.tensor_type.elem_type, p.doc_string]
print(json.dumps({
    "producer": [model.producer_name, model.producer_version],
    "opset": [[o.domain, o.version] for o in model.opset_import],
    "ports": {p.name: port(p) for p in [*graph.input, *graph.output]},
    "metadata": {p.key: p.value for p in model.metadata_props},
}))
`;

describe.skipIf(!python)(`the checker of ONNX${WITHOUT}`, () => {
  it('passes the graph, and reads in it what it takes, what it gives and by what it judges', async () => {
    const model = await trained(SEGMENT);
    const { calibration } = readModel(model);
    const file = folder.path('checked.onnx');
    const { by, threshold, map } = exportOnnx({ model, file });
    expect([by, threshold, map]).toEqual([
      calibration.chosen,
      calibration.scores[calibration.chosen]?.threshold.value,
      calibration.heatmap?.map,
    ]);
    const { status, stdout, stderr } = spawnSync(python ?? '', ['-c', CHECK, file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const read = JSON.parse(stdout);
    expect(read).toMatchObject({ producer: ['cyclops', version], opset: [['', 17]] });
    expect(read.ports).toEqual({
      image: [
        ['N', 'H', 'W', 3],
        2,
        expect.stringMatching(/^Images of one size.*RGB: samples of 8 bits\. All preprocessing/),
      ],
      reconstruction: [['N', 32, 32, 3], 1, expect.stringMatching(/from −1 \(black\) to 1 \(white\)/)],
      heatmap: [['N', 32, 32], 1, expect.stringContaining(`: ${map}, `)],
      hot: [['N', 32, 32], 9, expect.stringContaining(`above ${calibration.heatmap?.threshold}`)],
      score: [['N'], 11, expect.stringContaining(`decides, ${by}: `)],
      flagged: [['N'], 9, `Whether the score is at least ${threshold}.`],
    });
    expect(read.metadata).toMatchObject({
      ...{ channels: '3', size: '32', range: 'full', version, score: by, threshold: `${threshold}`, heatmap: map },
      ...{ heatmap_threshold: `${calibration.heatmap?.threshold}`, heatmap_floor: `${calibration.heatmap?.floor}` },
      preprocessing: expect.stringContaining('bicubic as PIL'),
    });
  });
});

describe('cyclops export --onnx', () => {
  it('writes the graph of a run, and writes over its own file alone', async () => {
    const model = await trained(SEGMENT);
    const file = folder.path('cli.onnx');
    const first = await here('export', join(model, '..'), '--onnx', file);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/cli\.onnx: 0\.\d MB, flags from \S+ = \S+ on, heat map \w+\n$/);
    const bytes = readFileSync(file);
    expect(await here('export', model, '--onnx', file, '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    const foreign = folder.path('foreign.onnx');
    writeFileSync(foreign, 'mine');
    for (const taken of [foreign, model]) {
      const before = readFileSync(taken);
      const { code, stderr } = await here('export', model, '--onnx', taken);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/would overwrite a file (that is there and is not an ONNX file of Cyclops|of the run)/),
      ]);
      expect(readFileSync(taken).equals(before)).toBe(true);
    }
  });

  it.each([
    [
      ['--by', 'gradient.max', '--threshold', '1'],
      /map gradient cannot be written as ONNX.*--by and --map take others/,
    ],
    [['--by', 'gradient.max'], /no threshold of the score 'gradient.max'/],
    [['--by', 'blur'], /no score 'blur' in .*; expected sse/],
    [['--map', 'gradient'], /no heat map 'gradient'/],
  ] as const)('refuses %j in words, and writes nothing', async (options, message) => {
    const file = folder.path('refused.onnx');
    const { code, stderr } = await here('export', await trained(SEGMENT), '--onnx', file, ...options);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(existsSync(file)).toBe(false);
  });

  it('says what is wrong with a model and with a place', async () => {
    const model = await trained(SEGMENT);
    const file = folder.path('none.onnx');
    const said = async (...args: string[]) => (await here('export', ...args)).stderr;
    expect(await said(folder.path('nowhere'), '--onnx', file)).toMatch(/cannot read .*nowhere.*no such file/i);
    expect(await said(folder.path('data'), '--onnx', file)).toMatch(/is not a training run/);
    expect(await said(model, '--onnx', folder.path('no', 'such', 'folder.onnx'))).toMatch(
      /cannot write .*folder\.onnx/i,
    );
    expect(await said(model, '--onnx', folder.path('data'))).toMatch(/--onnx takes a file, and .* is a folder/);
    const damaged = folder.path('damaged.safetensors');
    const { tensors, metadata } = decodeSafetensors(readFileSync(model), model);
    for (const [name, { data }] of tensors) if (name.startsWith('D_B.')) data.fill(Number.NaN);
    writeFileSync(damaged, encodeSafetensors(tensors, metadata));
    expect(await said(damaged, '--onnx', file, '--by', 'da_dn')).toMatch(
      /damaged: of tensor 'D_B\S+' finite numbers .* some are not finite/,
    );
    expect(existsSync(file)).toBe(false);
  });
});
