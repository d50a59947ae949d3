import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DetectorNetworks } from '../../../src/anomaly/detector/detector-networks.ts';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import { scoreImages } from '../../../src/anomaly/detector/score-images.ts';
import {
  type CheckedImage,
  type HidingMeasurement,
  removedEnergy,
  SteganographyCheck,
  steganographyLines,
  summariseHiding,
} from '../../../src/anomaly/evaluation/steganography.ts';
import { changedShare } from '../../../src/anomaly/metrics/changed-share.ts';
import { scoresFor } from '../../../src/anomaly/scores/list.ts';
import { scale } from '../../../src/autograd/scale.ts';
import type { Generator } from '../../../src/cyclegan/networks.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import type { Mask } from '../../../src/data/images/mask.ts';
import { Device } from '../../../src/gpu/device.ts';
import { Module } from '../../../src/layers/module.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK, trainNew } from '../../cyclegan/run/trainer-support.ts';
import { random } from '../../oracles/compare.ts';

/** Multiplies images by a number. */
class Scaled extends Module {
  constructor(private readonly factor: number) {
    super();
  }

  readonly hiddenFields = [];

  hidden(): Tensor[] {
    return [];
  }

  forward(x: Tensor): Tensor {
    return scale(x, this.factor);
  }
}

const measurement = (changes: Partial<HidingMeasurement>): HidingMeasurement => ({
  label: 'abnormal',
  scores: { a: 1, b: 5 },
  quantised: { a: 1, b: 5 },
  noisy: { a: 1, b: 5 },
  change: 0.5,
  removed: null,
  ...changes,
});

describe('summariseHiding', () => {
  it('counts moves in standard deviations, removed energy over masked abnormals, and changes by class', () => {
    const { moved, removed, change, images, warnings } = summariseHiding([
      measurement({ scores: { a: 1, b: 5 }, noisy: { a: 1.5, b: 5 }, removed: { inside: 3, outside: 1 } }),
      measurement({ scores: { a: 3, b: 5 }, quantised: { a: 2, b: 5 }, change: 0.25 }),
      measurement({ label: 'normal', scores: { a: 5, b: 5 }, noisy: { a: 4, b: 5 }, change: 0.125 }),
    ]);
    const deviation = Math.sqrt(8 / 3);
    expect(moved.noisy.a).toBeCloseTo((0.5 + 2 + 1) / 3 / deviation, 12);
    expect(moved.quantised.a).toBeCloseTo((0 + 1 + 4) / 3 / deviation, 12);
    expect(moved.noisy.b).toBeNull();
    expect(removed).toEqual({ inside: 3, outside: 1 });
    expect(change).toEqual({ normal: 0.125, abnormal: 0.375 });
    expect(images).toEqual({ normal: 1, abnormal: 2, masked: 1 });
    expect(warnings).toEqual([]);
  });

  it('warns of an identity and of energy that is removed elsewhere', () => {
    const found = summariseHiding([measurement({ change: 0.004, removed: { inside: 1, outside: 2 } })]);
    expect(found.warnings).toEqual([
      expect.stringContaining('near the identity on abnormal images (it changes 0.40 %'),
      expect.stringContaining('no more energy inside the masks'),
    ]);
    expect(steganographyLines(found)).toHaveLength(4);
    expect(steganographyLines(found)[1]).toContain('0.50 times');
  });

  it('has nothing to say of no images', () => {
    const nothing = summariseHiding([]);
    expect(nothing.change).toEqual({ normal: null, abnormal: null });
    expect(steganographyLines(nothing)).toHaveLength(2);
  });
});

it('the removed energy weighs what a mask holds in part', () => {
  const [x, y, mask] = [
    [1, 0, 1, 1, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 1, 0],
    [1, 0, -1, -1],
  ];
  // Weights of the four pixels of two channels: 1, ½, 0, 0; energies 1, 2, 0, 1.
  expect(removedEnergy(x, y, mask)).toEqual({ inside: (1 + 1) / 3, outside: (1 + 0 + 1) / 5 });
  expect(removedEnergy(x, y, [-1, -1, -1, -1])).toBeNull();
  expect(removedEnergy(x, y, [1, 1, 1, 1])).toBeNull();
});

it('the changed share is that of the variance', () => {
  const [x, y] = [Array.from(random(60)), Array.from(random(60))];
  const centre = x.reduce((sum, v) => sum + v, 0) / 60;
  const sum = (term: (v: number, i: number) => number) => x.reduce((total, v, i) => total + term(v, i), 0);
  expect(changedShare(x, y)).toBeCloseTo(sum((v, i) => (v - y[i]!) ** 2) / sum((v) => (v - centre) ** 2), 12);
  expect([changedShare([1, 1], [1, 1]), changedShare([1, 1], [0, 1])]).toEqual([0, 1]);
});

describe('SteganographyCheck', () => {
  const folder = temporaryFolder();
  let device: Device;
  let detector: DetectorNetworks;
  let images: { normal: DecodedImage; abnormal: DecodedImage };
  const mask: Mask = { width: 32, height: 32, inside: new Uint8Array(1024).fill(1, 0, 320), between: 0 };

  beforeAll(async () => {
    device = await Device.open({ checked: true });
    await trainNew(device, await loadBanks(device, folder.path('data')), folder.path('run'), { ...QUICK, steps: 2 });
    detector = openRunNetworks(device, runFolder(folder.path('run')));
    const read = (label: string) => decodeImage(folder.path('data', label, '0.png'));
    images = { normal: await read('normal'), abnormal: await read('abnormal') };
  });
  afterAll(() => {
    device.close();
    folder.remove();
  });

  const checked = async (with_: DetectorNetworks, shown: readonly (readonly [number, CheckedImage])[]) => {
    const check = new SteganographyCheck(with_, scoresFor(with_.networks));
    for (const [place, image] of shown) await check.add(place, image);
    return check.report();
  };
  const normal = (): CheckedImage => ({ label: 'normal', image: images.normal, mask: null });
  const abnormal = (): CheckedImage => ({ label: 'abnormal', image: images.abnormal, mask });
  const check = (G_A: Generator) =>
    checked({ ...detector, networks: { ...detector.networks, G_A } }, [
      [0, normal()],
      [1, abnormal()],
    ]);

  it('finds a generator that returns its input', async () => {
    const found = await check(new Scaled(1));
    expect(found.warnings).toHaveLength(2);
    expect(found.change).toEqual({ normal: 0, abnormal: 0 });
    // What the bank holds are bytes: rounding changes nothing but the last bits.
    for (const name of ['cycle', 'dn']) expect(found.moved.quantised[name]).toBeLessThan(1e-3);
    expect(found.moved.noisy.dn).toBeGreaterThan(0);
    expect(found.moved.quantised.features).toBeNull();
    expect(steganographyLines(found)[1]).not.toContain('NaN');
  });

  it('measures what a generator removes, and leaves no memory behind', async () => {
    const before = device.pool.use.liveBytes;
    const { removed, change, moved } = await check(new Scaled(0));
    expect(device.pool.use.liveBytes).toBe(before);
    const x = Float64Array.from(images.abnormal.pixels, (byte) => byte / 127.5 - 1);
    const energy = (from: number, to: number) => x.slice(from, to).reduce((sum, v) => sum + v * v, 0) / (to - from);
    expect(removed?.inside).toBeCloseTo(energy(0, 960), 5);
    expect(removed?.outside).toBeCloseTo(energy(960, 3072), 5);
    expect(change.abnormal).toBeCloseTo(changedShare(x, new Float64Array(3072)), 5);
    expect(moved.quantised.dn).toBe(0);
    expect(moved.quantised.ratio).not.toBeNull();
  });

  it('starts from the scores that scoring gives', async () => {
    const scores: Record<string, number>[] = [];
    const asked = scoresFor(detector.networks);
    const results = scoreImages(detector, [images.normal, images.abnormal], () => ({ scores: asked }));
    for await (const result of results) scores.push(result.scores);
    const found = await checked(detector, [
      [0, normal()],
      [1, { ...abnormal(), mask: null }],
    ]);
    expect(Object.keys(found.moved.noisy)).toEqual(Object.keys(scores[0]!));
    expect(found.removed).toBeNull();
    for (const value of Object.values(found.moved.noisy)) expect(Number.isFinite(value)).toBe(true);
  });

  it('says the same in whatever order images come, and without one that did not come', async () => {
    const [first, second] = [[0, normal()] as const, [2, abnormal()] as const];
    expect(await checked(detector, [second, first])).toEqual(await checked(detector, [first, second]));
  });
});
