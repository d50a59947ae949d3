import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TrainingConfig } from '../../../src/cyclegan/config.ts';
import { createRun, runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { Trainer, type TrainingProgress } from '../../../src/cyclegan/run/trainer.ts';
import type { Banks } from '../../../src/cyclegan/run/training-banks.ts';
import { makeBanks } from '../../../src/cyclegan/run/training-banks.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/data/files/safetensors.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError, OutOfMemoryError } from '../../../src/gpu/errors.ts';
import { forceVariants } from '../../../src/kernels/tuning/choices.ts';
import { checkpointBytes, temporaryFolder, withoutChecksums } from '../../cli/support.ts';
import { loadBanks, MANIFEST, QUICK, train, trainNew } from './trainer-support.ts';

vi.setConfig({ testTimeout: 240_000 });

const folder = temporaryFolder();
let device: Device;
let banks: Banks;

beforeAll(async () => {
  device = await Device.open({ checked: true });
  banks = await loadBanks(device, folder.path('data'));
});

afterAll(() => {
  device.close();
  folder.remove();
});

/** Continues the run in `out`. */
const resume = (out: string, config: TrainingConfig = QUICK) =>
  train(new Trainer(device, { config, banks, run: runFolder(out), manifest: MANIFEST, resume: true }));

/** Stops after exactly `steps` steps: the signal is looked at between steps, once a step. */
function stopAfter(steps: number): AbortSignal {
  const { signal } = new AbortController();
  let looks = 0;
  Object.defineProperty(signal, 'aborted', { get: () => looks++ >= steps });
  return signal;
}

const metrics = (out: string) => readFileSync(join(out, 'metrics.jsonl'), 'utf8');
const steps = (out: string) =>
  metrics(out)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).step);

it('trains with the same bits when its step was traced before, as tuning does', async () => {
  const [plain, traced] = [folder.path('plain'), folder.path('traced')];
  await trainNew(device, banks, plain);
  const trainer = new Trainer(device, {
    ...{ config: QUICK, banks, run: createRun(traced) },
    ...{ manifest: MANIFEST, resume: false },
  });
  device.trace(trainer.body);
  await train(trainer);
  expect(checkpointBytes(traced)).toEqual(checkpointBytes(plain));
});

it('takes the memory of its step once more where it was missing, with the same bits, and else names batch and size', async () => {
  const full = (body: () => void) => {
    device.trace(body);
    throw new OutOfMemoryError('The device is full.');
  };
  const capture = vi.spyOn(device, 'capture').mockImplementationOnce(full);
  const trim = vi.spyOn(device, 'trim');
  try {
    await trainNew(device, banks, folder.path('scarce'));
    expect(trim).toHaveBeenCalledOnce();
    capture.mockImplementation(full);
    await expect(trainNew(device, banks, folder.path('too-scarce'))).rejects.toThrow(
      /^The device is full\. A step was to train at batch size 1 on crops of 28 × 28 px, by networks of 4 and 4 channels/,
    );
  } finally {
    capture.mockRestore();
    trim.mockRestore();
  }
  await trainNew(device, banks, folder.path('ample'));
  expect(checkpointBytes(folder.path('scarce'))).toEqual(checkpointBytes(folder.path('ample')));
});

it('trains a segmenter on made defects with the same bits eager, replayed, and resumed', async () => {
  const { a, b } = await loadBanks(device, folder.path('data of a segmenter'));
  const config: TrainingConfig = {
    ...QUICK,
    ...{ netD: 'unet', transplants: 1, damage: 2, lambdaPaired: 10, lrD: 1e-3, cropSize: 24 },
  };
  const square = Uint32Array.from({ length: 36 }, (_, i) => (9 + Math.floor(i / 6)) * 32 + 11 + (i % 6));
  const made = await makeBanks(device, { a, b, defects: [square, null, null] }, config);
  const [replayed, eager, halves] = ['replayed', 'eager', 'halves'].map((name) => folder.path(`segmenter ${name}`));
  if (!replayed || !eager || !halves) throw new Error('no folders');
  await trainNew(device, made, replayed, config);
  await trainNew(device, made, eager, config, { eager: true });
  expect(checkpointBytes(eager)).toEqual(checkpointBytes(replayed));
  await trainNew(device, made, halves, config, { signal: stopAfter(3) });
  const run = runFolder(halves);
  await train(new Trainer(device, { config, banks: made, run, manifest: MANIFEST, resume: true }));
  expect(checkpointBytes(halves)).toEqual(checkpointBytes(replayed));
  expect(metrics(halves)).toBe(metrics(replayed));
  expect(JSON.parse(metrics(halves).split('\n')[0] ?? '')).toHaveProperty('paired');
});

it('trains a segmenter alone with the same bits eager, replayed, and resumed, and keeps no other network', async () => {
  const { a, b } = await loadBanks(device, folder.path('data of a segmenter alone'));
  const config: TrainingConfig = { ...QUICK, netD: 'unet', lrD: 1e-3, cropSize: 24, ema: 0.9 };
  const square = Uint32Array.from({ length: 36 }, (_, i) => (9 + Math.floor(i / 6)) * 32 + 11 + (i % 6));
  const known = await makeBanks(device, { a, b, defects: [square, null, square] }, config);
  const open = (name: string, resume = false) => {
    const out = folder.path(`segmenter alone ${name}`);
    const run = resume ? runFolder(out) : createRun(out);
    return new Trainer(device, { config, banks: known, run, manifest: MANIFEST, resume, segmenterAlone: true });
  };
  const bytesOf = (name: string) => checkpointBytes(folder.path(`segmenter alone ${name}`));
  await train(open('replayed'));
  await train(open('eager'), { eager: true });
  expect(bytesOf('eager')).toEqual(bytesOf('replayed'));
  await train(open('halves'), { signal: stopAfter(3) });
  await train(open('halves', true));
  expect(bytesOf('halves')).toEqual(bytesOf('replayed'));
  const networks = [...bytesOf('halves').keys()].filter((name) => /^[GD]_/.test(name));
  expect(networks.sort()).toEqual(['D_A.safetensors', 'D_A_ema.safetensors']);
});

it('warms a segmenter up on made grounds, in a Cycle-GAN as alone, and anew where it was stopped before the first step', async () => {
  const { a, b } = await loadBanks(device, folder.path('data of a warm-up'));
  const config: TrainingConfig = { ...QUICK, netD: 'unet', lrD: 1e-3, cropSize: 24, ema: 0.9, warmUp: 3, steps: 2 };
  const square = Uint32Array.from({ length: 36 }, (_, i) => (9 + Math.floor(i / 6)) * 32 + 11 + (i % 6));
  const known = await makeBanks(device, { a, b, defects: [square, null, square] }, config);
  const open = (name: string, { resume = false, segmenterAlone = false, warmUp = config.warmUp } = {}) => {
    const out = folder.path(`warm-up ${name}`);
    const run = resume ? runFolder(out) : createRun(out);
    return new Trainer(device, {
      ...{ banks: known, run, manifest: MANIFEST, resume, segmenterAlone },
      config: { ...config, warmUp },
    });
  };
  const bytesOf = (name: string) => checkpointBytes(folder.path(`warm-up ${name}`));
  const seen: number[] = [];
  await train(open('whole'), { onWarmUp: (done) => seen.push(done) });
  expect(seen).toEqual([0, 1, 2, 3]);

  const stop = new AbortController();
  const stopped = open('stopped');
  expect(await stopped.train({ signal: stop.signal, onWarmUp: (done) => done === 1 && stop.abort() })).toBe('stopped');
  stopped.dispose();
  expect(bytesOf('stopped').get('position.json')?.toString()).toMatch(/"step": 0/);
  await train(open('stopped', { resume: true }));
  expect(bytesOf('stopped')).toEqual(bytesOf('whole'));

  const segmenter = (name: string) => {
    const file = 'D_A.safetensors';
    const { tensors } = decodeSafetensors(readFileSync(join(folder.path(`warm-up ${name}`), 'checkpoint', file)), file);
    return [...tensors].filter(([parameter]) => !parameter.startsWith('patches.'));
  };
  await train(open('alone', { segmenterAlone: true }));
  expect(segmenter('alone')).toEqual(segmenter('whole'));
  await train(open('cold', { warmUp: 0 }));
  expect(segmenter('cold')).not.toEqual(segmenter('whole'));
});

describe('resume', () => {
  it.each([
    ['one Adam for both discriminators', {}],
    [
      'one Adam each, two images a step, the loss of the original GAN',
      { adam: 'per-d', batchSize: 2, ganMode: 'vanilla' },
    ],
    // Steps enough for the scale of the losses to come down to where the generators move.
    ['mixed precision', { precision: 'mixed', steps: 16 }],
    ['averaged weights', { ema: 0.9 }],
    ['averaged weights in mixed precision', { ema: 0.9, precision: 'mixed', steps: 16 }],
  ] as const)('gives the same bits as an uninterrupted run: %s', async (name, changes) => {
    const config = { ...QUICK, ...changes };
    const [straight, halves] = [folder.path(`straight ${name}`), folder.path(`halves ${name}`)];
    await trainNew(device, banks, straight, config);
    const half = (config.steps ?? 0) / 2;
    const first = await trainNew(device, banks, halves, config, { signal: stopAfter(half) });
    expect(first.step).toBe(half);
    expect(checkpointBytes(halves)).not.toEqual(checkpointBytes(straight));
    await resume(halves, config);

    const files = [...checkpointBytes(straight).keys()];
    expect(files).toEqual(expect.arrayContaining(['G_A.safetensors', 'optimizer_G.safetensors', 'pools.safetensors']));
    expect(checkpointBytes(halves)).toEqual(checkpointBytes(straight));
    expect(metrics(halves)).toBe(metrics(straight));
    expect(steps(halves)).toEqual(Array.from({ length: 2 * half }, (_, i) => i + 1));
  });

  it('would notice a pool, a moment or a random position that was not restored', async () => {
    const straight = folder.path('straight again');
    await trainNew(device, banks, straight);
    for (const [name, damage] of Object.entries({ pool: losePools, moments: loseMoments, draws: loseDraws })) {
      const out = folder.path(`damaged ${name}`);
      await trainNew(device, banks, out, QUICK, { signal: stopAfter(4) });
      withoutChecksums(join(out, 'checkpoint'));
      damage(join(out, 'checkpoint'));
      await resume(out);
      expect(checkpointBytes(out), name).not.toEqual(checkpointBytes(straight));
    }
  });

  it('would notice a scale or a count of steps that was not restored in mixed precision', async () => {
    const config = { ...QUICK, precision: 'mixed', steps: 16 } as const;
    const straight = folder.path('mixed straight');
    await trainNew(device, banks, straight, config);
    for (const [name, damage] of Object.entries({ scale: loseScale, count: loseCount })) {
      const out = folder.path(`mixed damaged ${name}`);
      await trainNew(device, banks, out, config, { signal: stopAfter(12) });
      withoutChecksums(join(out, 'checkpoint'));
      damage(join(out, 'checkpoint'));
      await resume(out, config);
      const { G_A } = Object.fromEntries([...checkpointBytes(out)].map(([file, bytes]) => [file.split('.')[0], bytes]));
      expect(G_A, name).not.toBe(checkpointBytes(straight).get('G_A.safetensors'));
    }
  });

  it('goes on with the kernels that the run began with, whatever would be chosen now', async () => {
    const other = await Device.open({ checked: true });
    forceVariants(other, ['conv2d.forward=naive', 'conv2d.inputGrad=naive']);
    const images = await loadBanks(other, folder.path('data of other kernels'));
    const straight = folder.path('kernels straight');
    const halves = folder.path('kernels halves');
    const forgetful = folder.path('kernels lost');
    await trainNew(other, images, straight);
    for (const out of [halves, forgetful]) await trainNew(other, images, out, QUICK, { signal: stopAfter(3) });
    other.close();

    const resumeHere = async (out: string) => {
      const here = await Device.open({ checked: true });
      const trainer = new Trainer(here, {
        config: QUICK,
        banks: await loadBanks(here, folder.path('data again')),
        run: runFolder(out),
        manifest: MANIFEST,
        resume: true,
      });
      await train(trainer);
      here.close();
    };
    // The checkpoint says that it is of a device of this name.
    for (const out of [halves, forgetful]) {
      withoutChecksums(join(out, 'checkpoint'));
      rename(join(out, 'checkpoint'), device.info.name);
    }
    writeFileSync(join(forgetful, 'checkpoint', 'kernels.json'), '{}');
    await resumeHere(halves);
    await resumeHere(forgetful);
    const weights = (out: string) => [...checkpointBytes(out)].filter(([name]) => name.endsWith('.safetensors'));
    expect(weights(halves)).toEqual(weights(straight));
    expect(weights(forgetful)).not.toEqual(weights(straight));
  });

  it('drops lines that a killed process wrote behind its last checkpoint', async () => {
    const out = folder.path('killed');
    await trainNew(device, banks, out, QUICK, { signal: stopAfter(3) });
    const good = metrics(out);
    appendFileSync(
      join(out, 'metrics.jsonl'),
      `${good.split('\n')[0]?.replace('"step":1', '"step":4')}\n{"step":5,"ep`,
    );
    await resume(out);
    expect(steps(out)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(metrics(out).startsWith(good)).toBe(true);
    expect(metrics(out)).not.toContain(good.split('\n')[0]?.replace('"step":1', '"step":4'));
  });

  it('does nothing but stand still when the run is done', async () => {
    const out = folder.path('done');
    await trainNew(device, banks, out);
    const before = checkpointBytes(out);
    await resume(out);
    expect(checkpointBytes(out)).toEqual(before);
    expect(steps(out)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses images that make another epoch', async () => {
    const out = folder.path('fewer images');
    await trainNew(device, banks, out, QUICK, { signal: stopAfter(1) });
    const swapped = { ...banks, b: banks.a, counts: { ...banks.counts, b: 3 } };
    const options = { config: QUICK, banks: swapped, run: runFolder(out), manifest: MANIFEST, resume: true };
    expect(() => new Trainer(device, options)).toThrow(/4 steps an epoch/);
  });
});

describe('training', () => {
  it('gives the same bits captured and eager, with pools, crops, flips and turns', async () => {
    const [captured, eager] = [folder.path('captured'), folder.path('eager')];
    await trainNew(device, banks, captured);
    await trainNew(device, banks, eager, QUICK, { eager: true });
    expect(checkpointBytes(captured)).toEqual(checkpointBytes(eager));
    expect(metrics(captured)).toBe(metrics(eager));
    expect(steps(captured)).toHaveLength(6);
  });

  it('logs every step once, changes every network, follows the seed, and tells how far it has come', async () => {
    const out = folder.path('log');
    const told: TrainingProgress[] = [];
    await trainNew(device, banks, out, QUICK, { onProgress: (progress) => told.push(progress) });
    expect(steps(out)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told.at(-1)).toMatchObject({ step: 6, steps: 6, epoch: 2, epochs: 2, secondsLeft: 0 });

    const reseeded = folder.path('reseeded');
    await trainNew(device, banks, reseeded, { ...QUICK, seed: 6 });
    expect(metrics(reseeded)).not.toContain(metrics(out).split('\n')[0]);

    const fresh = folder.path('fresh');
    await trainNew(device, banks, fresh, QUICK, { signal: stopAfter(0) });
    const [before, after] = [checkpointBytes(fresh), checkpointBytes(out)];
    for (const name of ['G_A', 'G_B', 'D_A', 'D_B']) {
      const file = `${name}.safetensors`;
      expect(after.get(file)).not.toBe(before.get(file));
    }
  });

  it('keeps memory steady over steps, checkpoints and samples', async () => {
    const live: number[] = [];
    const { signal } = new AbortController();
    Object.defineProperty(signal, 'aborted', { get: () => live.push(device.pool.use.liveBytes) < 0 });
    const before = device.pool.use.liveBytes;
    const config = { ...QUICK, steps: 12, checkpointInterval: 4, sampleInterval: 4 };
    await trainNew(device, banks, folder.path('memory'), config, { signal });
    // The pools are full after two steps.
    expect(live.length).toBeGreaterThanOrEqual(12);
    expect(new Set(live.slice(3)).size).toBe(1);
    expect(device.pool.use.liveBytes).toBe(before);
  });

  it('writes sample pictures: three in a row for each domain', async () => {
    const out = folder.path('samples');
    await trainNew(device, banks, out, { ...QUICK, steps: 5, sampleInterval: 2 });
    expect(readdirSync(join(out, 'samples'))).toEqual(['step-000002.png', 'step-000004.png', 'step-000005.png']);
    const { width, height } = await decodeImage(join(out, 'samples', 'step-000005.png'));
    expect([width, height]).toEqual([3 * 32 + 4 * 4, 2 * 32 + 3 * 4]);
  });

  it('refuses to save weights that are not finite, and keeps the last good checkpoint', async () => {
    const out = folder.path('poisoned');
    await trainNew(device, banks, out, QUICK, { signal: stopAfter(2) });
    // Adam takes the root of the second moment: its weights are NaN after a step whose losses were still finite.
    withoutChecksums(join(out, 'checkpoint'));
    edit(join(out, 'checkpoint', 'optimizer_G.safetensors'), (data) => data.fill(-1e30));
    const before = checkpointBytes(out);
    const error = await resume(out, { ...QUICK, steps: 3 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CyclopsError);
    expect(String(error)).toMatch(/diverged: the weights model\.1\.weight of G_A hold NaN .* after step 3/);
    expect(checkpointBytes(out)).toEqual(before);
  });

  it('refuses to go on where gradients overflow in f16 at every scale, and keeps the last good checkpoint', async () => {
    const out = folder.path('overflowing');
    await trainNew(device, banks, out, { ...QUICK, precision: 'mixed' }, { signal: stopAfter(2) });
    withoutChecksums(join(out, 'checkpoint'));
    writeFileSync(join(out, 'checkpoint', 'loss_scaler.json'), JSON.stringify({ scale: 2 ** -22, goodSteps: 0 }));
    const before = checkpointBytes(out);
    const hopeless = { ...QUICK, precision: 'mixed', lambdaA: 1e30, lambdaB: 1e30 } as const;
    const error = await resume(out, hopeless).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CyclopsError);
    expect(String(error)).toMatch(/diverged: the gradients overflow in f16 .* until step 6.*--precision f32/);
    expect(checkpointBytes(out)).toEqual(before);
  });

  it('stops at NaN with an honest error and keeps the last good checkpoint', async () => {
    const out = folder.path('diverging');
    await trainNew(device, banks, out, QUICK, { signal: stopAfter(2) });
    // Weights of that size are finite, but what they compute is not.
    withoutChecksums(join(out, 'checkpoint'));
    edit(join(out, 'checkpoint', 'D_A.safetensors'), (data) => data.fill(3e38));
    const before = checkpointBytes(out);
    const error = await resume(out).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CyclopsError);
    expect(String(error)).toMatch(/diverged: at step 3 the losses .*NaN.* after step 2, is kept .* lower --lr/);
    expect(checkpointBytes(out)).toEqual(before);
    expect(steps(out)).toEqual([1, 2]);
    expect(existsSync(join(out, 'checkpoint.partial'))).toBe(false);
  });
});

function losePools(checkpoint: string): void {
  writeFileSync(join(checkpoint, 'pools.safetensors'), encodeSafetensors(new Map()));
}

function loseMoments(checkpoint: string): void {
  edit(join(checkpoint, 'optimizer_D.safetensors'), (data) => data.fill(0));
}

function loseScale(checkpoint: string): void {
  const path = join(checkpoint, 'loss_scaler.json');
  const { scale } = JSON.parse(readFileSync(path, 'utf8'));
  expect(scale).toBeLessThan(2 ** 16);
  writeFileSync(path, JSON.stringify({ scale: 2 ** 16, goodSteps: 0 }));
}

function loseCount(checkpoint: string): void {
  const path = join(checkpoint, 'optimizer_G.safetensors');
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
  expect(Number(metadata.step)).toBeGreaterThan(0);
  expect(Number(metadata.step)).toBeLessThan(12);
  writeFileSync(path, encodeSafetensors(tensors, { ...metadata, step: '12' }));
}

function loseDraws(checkpoint: string): void {
  const path = join(checkpoint, 'position.json');
  const position = JSON.parse(readFileSync(path, 'utf8'));
  expect(position.poolDraws).toBeGreaterThan(0);
  writeFileSync(path, JSON.stringify({ ...position, poolDraws: position.poolDraws + 1 }));
}

/** Changes every tensor of a safetensors file. */
function edit(path: string, change: (data: Float32Array) => void): void {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), path);
  for (const { data } of tensors.values()) if (data instanceof Float32Array) change(data);
  writeFileSync(path, encodeSafetensors(tensors, metadata));
}

/** Makes a checkpoint one of another device. */
function rename(checkpoint: string, name: string): void {
  const path = join(checkpoint, 'manifest.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), device: name }));
}
