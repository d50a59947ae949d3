import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import type { NetworkName } from '../../../src/cyclegan/network-names.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { encodeSafetensors } from '../../../src/data/files/safetensors.ts';
import { readStateDict } from '../../../src/data/files/torch/state-dict.ts';
import { Detector } from '../../../src/detector.ts';
import { Device } from '../../../src/gpu/device.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import {
  calibrate,
  evaluate,
  exportOnnx,
  exportWeights,
  type ImportedRun,
  importWeights,
  score,
  train,
  translate,
} from '../../../src/workflow.ts';
import { makeData, SMALL_CONFIG, temporaryFolder } from '../../cli/support.ts';
import { hasTorch, inMemory, runTorch, withoutTorch } from '../../data/files/torch/torch-support.ts';
import { expectRefusal, expectRejection, onSmallDisk } from '../../data/support.ts';
import { random, worst } from '../../oracles/compare.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const SCRIPT = readFileSync(fileURLToPath(new URL('reference.py', import.meta.url)), 'utf8');
const NAMES = ['G_A', 'G_B', 'D_A', 'D_B'] as const;
/** Of the range of pictures, which are from −1 to 1. */
const BOUND = 1e-4;

const folder = temporaryFolder();
const sizes = { channels: 3, ngf: 5, blocks: 2, ndf: 3, layers: 2, side: 32, seed: Math.floor(Math.random() * 1e9) };
const shape = [1, sizes.side, sizes.side, sizes.channels];
const x = random(sizes.side ** 2 * sizes.channels);
let device: Device;
let data: string;

beforeAll(async () => {
  device = await Device.open();
  data = makeData(folder.path('data'), { normal: 10, abnormal: 8 });
  writeFileSync(folder.path('x'), new Uint8Array(x.buffer));
});
afterAll(() => {
  device.close();
  folder.remove();
});

/** Runs the reference on the image. @returns what its networks make of it */
const reference = (command: 'write' | 'load', where: string): Record<string, number[]> =>
  JSON.parse(runTorch(SCRIPT, command, where, folder.path('x'), JSON.stringify(sizes)));

/** What the networks of a run make of the image. */
async function made(run: string, name: NetworkName): Promise<Float32Array> {
  const detector = openRunNetworks(device, runFolder(run));
  try {
    const y = scope(() => detector.networks[name].forward(Tensor.from(device, x, shape)));
    return await y.data();
  } finally {
    detector.dispose();
  }
}

/** A trained run; its networks are used by several tests. */
let trained: Promise<string> | null = null;
function trainedRun(): Promise<string> {
  const out = folder.path('trained');
  const config = {
    ...SMALL_CONFIG,
    ngf: sizes.ngf,
    blocks: sizes.blocks,
    ndf: sizes.ndf,
    nLayersD: sizes.layers,
    steps: 6,
    ema: 0.5,
  };
  trained ??= train({ data, out, config, device, tune: false }).then(() => out);
  return trained;
}

const importing = (out: string, files: Omit<Parameters<typeof importWeights>[0], 'out'>): Promise<ImportedRun> =>
  importWeights({ device, out: folder.path(out), loadSize: 32, ...files });

describe.skipIf(!hasTorch)(`the reference in PyTorch${withoutTorch}`, () => {
  const file = (name: string) => folder.path(`${name}.pth`);
  let expected: Record<string, number[]>;
  beforeAll(() => {
    expected = reference('write', folder.path());
  });

  it('its weights make the same pictures and judgements here', async () => {
    const { run, absent, config } = await importing('all', {
      generator: file('latest_net_G_A'),
      generatorBack: file('latest_net_G_B'),
      discriminatorNormal: file('latest_net_D_A'),
      discriminatorAbnormal: file('latest_net_D_B'),
    });
    expect(absent).toEqual([]);
    expect(config).toMatchObject({ inputNc: 3, ngf: 5, blocks: 2, ndf: 3, nLayersD: 2, netD: 'patch', loadSize: 32 });
    for (const name of NAMES) expect(worst(await made(run, name), expected[name] ?? [], 2), name).toBeLessThan(BOUND);
  });

  it.each([
    ['parallel', 'parallel', ''],
    ['old', 'parallel', '3 running statistics were left out'],
    ['dropout', 'dropout', 'trained with dropout'],
    ['half', 'half', ''],
  ])('the generator of %s.pth too', async (name, as, remark) => {
    const { run, networks } = await importing(`of ${name}`, { generator: file(name) });
    expect(networks.map(({ remarks }) => remarks.join())).toEqual([expect.stringContaining(remark)]);
    expect(worst(await made(run, 'G_A'), expected[as] ?? [], 2)).toBeLessThan(BOUND);
  });

  it('leaves nothing behind of weights that lack a tensor', async () => {
    const { tensors } = readStateDict(inMemory(readFileSync(file('latest_net_G_A'))));
    tensors.delete('model.4.bias');
    writeFileSync(folder.path('less.safetensors'), encodeSafetensors(tensors));
    const less = { generator: folder.path('less.safetensors') };
    await expectRejection(() => importing('less', less), 'less.safetensors', "It lacks 'model.4.bias'");
    expect(readdirSync(folder.path())).not.toContain('less');
  });

  it('refuses networks with another norm, and one for the other', async () => {
    await expectRejection(
      () => importing('a', { generator: file('batch') }),
      'batch.pth',
      "'model.2.weight'",
      '--norm instance',
    );
    const discriminator = file('latest_net_D_A');
    await expectRejection(
      () => importing('b', { generator: discriminator }),
      'no generator',
      'model.1.weight',
      'G_A.pth',
    );
    const swapped = { generator: file('latest_net_G_A'), discriminatorNormal: file('latest_net_G_B') };
    await expectRejection(() => importing('c', swapped), 'no discriminator', 'model.0.weight');
    for (const name of ['a', 'b', 'c']) expect(readdirSync(folder.path())).not.toContain(name);
  });

  it('loads what is exported, strictly, with the same pictures and judgements', async () => {
    const run = await trainedRun();
    const torch = folder.path('exported');
    const { files, remarks } = exportWeights({ model: run, torch });
    expect(files).toEqual(NAMES.map((name) => folder.path('exported', `latest_net_${name}.pth`)));
    expect(remarks.join()).toContain('moving averages');
    const loaded = reference('load', torch);
    for (const name of NAMES) expect(worst(await made(run, name), loaded[name] ?? [], 2), name).toBeLessThan(BOUND);
  });
});

it('a small file that claims a large network is refused before the network takes memory', async () => {
  const shapes = { 'model.1.weight': [512, 3, 7, 7], 'model.41.conv_block.1.bias': [1] };
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    return [name, { shape, data }] as const;
  });
  writeFileSync(folder.path('liar.safetensors'), encodeSafetensors(new Map(tensors)));
  const before = device.pool.use.liveBytes;
  const liar = () => importing('liar', { generator: folder.path('liar.safetensors') });
  await expectRejection(liar, 'liar.safetensors is not complete', 'and it holds');
  expect(device.pool.use.liveBytes).toBe(before);
});

describe('export', () => {
  it('writes both forms alike, of a run and of its model file, with the weights that score', async () => {
    const run = await trainedRun();
    exportWeights({ model: run, torch: folder.path('t'), safetensors: folder.path('s') });
    exportWeights({ model: folder.path('trained', 'model.safetensors'), torch: folder.path('t2') });
    for (const name of NAMES) {
      const pth = readFileSync(folder.path('t', `latest_net_${name}.pth`));
      expect(readFileSync(folder.path('t2', `latest_net_${name}.pth`))).toEqual(pth);
      const { tensors } = readStateDict(inMemory(pth));
      const written = new Map([...tensors].map(([key, { shape, data }]) => [key, { shape, data }]));
      const safetensors = readFileSync(folder.path('s', `${name}.safetensors`));
      expect(Buffer.from(encodeSafetensors(written, { format: 'pt' }))).toEqual(safetensors);
    }
  });

  it('is read back by import with the same bits, segmenter and all', async () => {
    const out = folder.path('segmenter');
    const config = { ...SMALL_CONFIG, netD: 'unet', domainCrops: 1, steps: 2, sampleInterval: 0 } as const;
    await train({ data, out, config, device, tune: false });
    const { remarks } = exportWeights({ model: out, safetensors: folder.path('s2'), torch: folder.path('t3') });
    expect(remarks.join()).toContain('D_A is a segmenter');
    const again = await importing('again', {
      generator: folder.path('t3', 'latest_net_G_A.pth'),
      generatorBack: folder.path('s2', 'G_B.safetensors'),
      discriminatorNormal: folder.path('s2', 'D_A.safetensors'),
      discriminatorAbnormal: folder.path('t3', 'latest_net_D_B.pth'),
    });
    expect(again.config).toMatchObject({ netD: 'unet', ndf: 4, nLayersD: 3, ngf: 4, blocks: 1 });
    for (const name of NAMES) expect(await made(again.run, name)).toEqual(await made(out, name));
  });

  it('writes over nothing: neither a checkpoint nor weights that somebody trained', () => {
    const checkpoint = folder.path('trained', 'checkpoint');
    const before = readFileSync(join(checkpoint, 'G_A.safetensors'));
    const model = folder.path('trained');
    expectRefusal(() => exportWeights({ model, safetensors: checkpoint }), 'is there already', 'Name another folder');
    expect(readFileSync(join(checkpoint, 'G_A.safetensors'))).toEqual(before);
    const torch = folder.path('twice');
    exportWeights({ model, torch });
    expectRefusal(
      () => exportWeights({ model, torch, safetensors: folder.path('never written') }),
      'latest_net_G_A.pth',
    );
    expect(existsSync(folder.path('never written'))).toBe(false);
  });

  it('leaves none of the networks where there is no room for all, so that it can be done again', async (context) => {
    const model = folder.path('trained');
    const bytes = exportWeights({ model, torch: folder.path('all four') }).files.map((file) => statSync(file).size);
    const [first = 0, second = 0] = bytes;
    // Room for one, and not for two.
    const size = `${first + Math.ceil(second / 2)}`;
    await onSmallDisk(
      context,
      folder.path('disk'),
      (disk) => {
        expectRefusal(() => exportWeights({ model, torch: join(disk, 'weights') }), 'no space is left');
        expect(readdirSync(join(disk, 'weights'))).toEqual([]);
      },
      size,
    );
  });

  it('refuses to write nothing, and no model', () => {
    expectRefusal(() => exportWeights({ model: folder.path('trained') }), '--safetensors FOLDER');
    expectRefusal(() => exportWeights({ model: folder.path('x'), torch: folder.path('y') }), 'safetensors');
  });
});

describe('a run of one generator alone', () => {
  let run: string;
  beforeAll(async () => {
    exportWeights({ model: await trainedRun(), safetensors: folder.path('alone') });
    const imported = await importing('imported', { generator: folder.path('alone', 'G_A.safetensors') });
    run = imported.run;
    expect(imported.absent.map(({ name }) => name)).toEqual(['G_B', 'D_A', 'D_B']);
    expect(imported.lostScores).toEqual(expect.arrayContaining(['cycle', 'ratio', 'dn', 'da_dn', 'features']));
    expect(imported.lostScores).not.toContain('sse');
  });

  it('has no thresholds until images that did not train it choose them', async () => {
    expectRefusal(() => score({ model: run, images: [data] }), 'was imported', 'cyclops calibrate', '--data DATA');
    await expectRejection(() => calibrate({ run, device }), 'knows no images yet', '--data DATA');
    const warnings: string[] = [];
    const { calibration } = await calibrate({
      run,
      data,
      device,
      tune: false,
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings.join()).toContain('Nobody noted which images trained');
    expect(calibration).toMatchObject({ chosenOn: 'calibration', counts: { normal: 6, abnormal: 4 }, step: 0 });
    const scores = Object.keys(calibration?.scores ?? {});
    expect(scores).toEqual(expect.arrayContaining(['sse', 'blurmax', 'contrast.top1']));
    for (const name of ['cycle', 'ratio', 'dn', 'dn_max', 'da_dn', 'features', 'features_residual.top1'])
      expect(scores).not.toContain(name);
  });

  it('scores, evaluates and redraws with it, also from its model file', async () => {
    const found = await evaluate({ model: run, data, device, tune: false });
    expect(found?.evaluation.counts).toMatchObject({ normal: 4, abnormal: 4, seenInTraining: 0 });
    const model = folder.path('imported', 'model.safetensors');
    const images = [folder.path('data', 'normal')];
    for await (const result of score({ model, images, device, tune: false, allScores: true, pictures: true }))
      expect(result.status).not.toBe('unreadable');
    const image = folder.path('data', 'normal', '0.png');
    for await (const translation of translate({ model, images: [image], to: 'normal', device, tune: false }))
      expect(translation.image.width).toBe(32);
  });

  it('refuses in words what needs a network that is not there', async () => {
    const words = 'This model has no G_B, the generator from normal to abnormal';
    const model = folder.path('imported', 'model.safetensors');
    const images = [folder.path('data', 'normal', '0.png')];
    const all = async (results: AsyncIterable<unknown>) => {
      for await (const _ of results);
    };
    await expectRejection(() => all(translate({ model, images, to: 'abnormal', device, tune: false })), words);
    await expectRejection(() => all(score({ model, images, by: 'cycle', threshold: 1, device, tune: false })), words);
    await expectRejection(() => calibrate({ run, map: 'cycle', device, tune: false }), words);
    const other = score({ model, images, by: 'dn.p8', threshold: 1, device, tune: false, tile: 32 });
    await expectRejection(() => all(other), 'This model has no D_A');
    await expectRejection(() => Detector.open(model, { device, by: 'ratio', threshold: 1 }), words);
    const file = folder.path('imported.onnx');
    expectRefusal(() => exportOnnx({ model, file, by: 'dn.top1', threshold: 1 }), 'This model has no D_A');
    expect(exportOnnx({ model, file }).bytes).toBeGreaterThan(1000);
    const detector = await Detector.open(model, { device });
    expect((await detector.score(readFileSync(images[0] ?? ''))).scores).not.toHaveProperty('dn');
    detector.dispose();
  });

  it('cannot be resumed, and lets a training begin, in which the others are new', async () => {
    await expectRejection(() => train({ data, out: run, resume: true, device }), 'imported weights', '--from');
    const out = folder.path('from imported');
    const warnings: string[] = [];
    const onWarning = (text: string) => warnings.push(text);
    const config = {
      steps: 1,
      cropSize: 24,
      netD: 'unet',
      domainCrops: 1,
      ndf: 4,
      nLayersD: 2,
      sampleInterval: 0,
    } as const;
    await train({ data, out, from: run, config, device, tune: false, onWarning });
    expect(warnings.join()).toContain('has no G_B, D_A, D_B, which begin with random weights');
    const { from } = JSON.parse(readFileSync(folder.path('from imported', 'checkpoint', 'manifest.json'), 'utf8'));
    expect(from).toMatchObject({ model: run, step: 0, fresh: ['G_B', 'D_A', 'D_B'] });
  });
});

describe('a training that begins with a model', () => {
  const config = { steps: 1, lr: 1e-30, ema: 0.9 };
  const manifestOf = (...run: string[]) =>
    JSON.parse(readFileSync(folder.path(...run, 'checkpoint', 'manifest.json'), 'utf8'));

  it('has its weights and options, and says so', async () => {
    const from = await trainedRun();
    const out = folder.path('fine');
    const begun = await train({ data, out, from, config, device, tune: false });
    expect(begun.calibration?.step).toBe(1);
    // A step at this learning rate moves nothing: these are the weights that it began with.
    for (const name of NAMES) expect(await made(out, name)).toEqual(await made(from, name));
    expect(manifestOf('fine').from).toMatchObject({
      model: from,
      step: 6,
      seed: 0,
      fresh: [],
      dataHash: manifestOf('trained').dataHash,
    });
    // Images that trained or calibrated the model are known to the run too.
    const record = JSON.parse(readFileSync(folder.path('fine', 'data.json'), 'utf8'));
    const before = JSON.parse(readFileSync(folder.path('trained', 'data.json'), 'utf8'));
    expect(record.earlier).toEqual(before.images.map(({ sha256 }: { sha256: string }) => sha256.slice(0, 16)));
    // Of a model file the same.
    const again = folder.path('fine again');
    await train({ data, out: again, from: folder.path('trained', 'model.safetensors'), config, device, tune: false });
    expect(manifestOf('fine again').from.weights).toBe(manifestOf('fine').from.weights);
  });

  it('warns where images calibrate that may have trained the model', async () => {
    const warnings: string[] = [];
    const onWarning = (text: string) => warnings.push(text);
    const from = folder.path('trained', 'model.safetensors');
    const small = makeData(folder.path('some'), { normal: 4, abnormal: 4 });
    writeFileSync(
      folder.path('some', 'calibration.txt'),
      'normal/0.png\nnormal/1.png\nabnormal/0.png\nabnormal/1.png\n',
    );
    await trainedRun();
    const seen: string[] = JSON.parse(readFileSync(folder.path('trained', 'data.json'), 'utf8')).images.map(
      ({ file }: { file: string }) => file,
    );
    const known = ['normal/0.png', 'normal/1.png', 'abnormal/0.png', 'abnormal/1.png'].filter((file) =>
      seen.includes(file),
    );
    await train({ data: small, out: folder.path('known'), from, config, device, tune: false, onWarning });
    if (known.length > 0)
      expect(warnings.join()).toContain(`${known.length} of the 4 images that calibrate may have trained`);
    else expect(warnings.join()).not.toContain('may have trained');
  });

  it('refuses what does not fit it', async () => {
    const from = await trainedRun();
    const out = folder.path('never');
    const refused = (more: object, ...texts: string[]) =>
      expectRejection(() => train({ data, out, from, device, ...more }), ...texts);
    await refused({ config: { ngf: 8 } }, '--ngf 8 does not fit the weights of G_A and G_B', 'which have 5');
    await refused({ config: { netD: 'unet', domainCrops: 1 } }, '--netD unet does not fit the weights of D_A');
    await refused({ config: { inputNc: 1 } }, '--input-nc 1 does not fit');
    await refused({ preset: 'tiny' }, '--preset tiny', '--from');
    await refused({ resume: true, out: from }, '--resume');
    await refused({ folds: 2 }, '--folds');
    await expectRejection(() => train({ data, out, from: folder.path('nowhere'), device }), 'nowhere', 'no such file');
  });

  it('goes on to the bit where it was stopped, and no more asks for the model', async () => {
    const from = await trainedRun();
    const steps = { steps: 4, checkpointInterval: 2 };
    const whole = folder.path('whole');
    const parts = folder.path('parts');
    await train({ data, out: whole, from, config: steps, device, tune: false });
    let looks = 0;
    const signal = {
      get aborted() {
        return looks++ >= 2;
      },
    };
    await train({ data, out: parts, from, config: steps, device, tune: false, signal });
    await train({ data, out: parts, resume: true, device, tune: false });
    for (const name of readdirSync(folder.path('whole', 'checkpoint')).filter((file) => file.endsWith('.safetensors')))
      expect(readFileSync(folder.path('parts', 'checkpoint', name)), name).toEqual(
        readFileSync(folder.path('whole', 'checkpoint', name)),
      );
    expect(manifestOf('parts').from).toEqual(manifestOf('whole').from);
  });
});

describe('a run that becomes longer', () => {
  it('goes on beyond its end, by the schedule of the new length', async () => {
    const out = folder.path('longer');
    const config = { ...SMALL_CONFIG, batchSize: 2, steps: 4 };
    await train({ data, out, config, device, tune: false });
    await expectRejection(
      () => train({ data, out, resume: true, config: { steps: 3 }, device }),
      '--steps 3 is less than the 4',
    );
    await expectRejection(
      () => train({ data, out, resume: true, config: { steps: 8, lr: 0.1 }, device }),
      '--lr 0.1 differs',
    );
    const { calibration } = await train({ data, out, resume: true, config: { steps: 8 }, device, tune: false });
    expect(calibration?.step).toBe(8);
    const lines = readFileSync(folder.path('longer', 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const said: { step: number; lr: number }[] = lines.map((line) => JSON.parse(line));
    expect(said.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    // Five normal images train, in whole batches of two: 2 steps an epoch. Of 2 epochs the second falls, of 4 the third and the fourth, each
    // to reach zero in the one behind the last.
    const expected = [1, 1, 1 / 2, 1 / 2, 2 / 3, 2 / 3, 1 / 3, 1 / 3];
    for (const [i, { lr }] of said.entries()) expect(lr / config.lr).toBeCloseTo(expected[i] ?? 0, 6);
    const manifest = JSON.parse(readFileSync(folder.path('longer', 'checkpoint', 'manifest.json'), 'utf8'));
    expect(manifest.extended).toEqual([{ step: 4, from: 4, to: 8 }]);
    // From now on it is a run of 8 steps.
    await expectRejection(() => train({ data, out, resume: true, config: { steps: 4 }, device }), 'less than the 8');
    await train({ data, out, resume: true, device, tune: false });
  });
});
