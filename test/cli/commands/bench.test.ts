import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { resnetGenerator } from '../../../src/cyclegan/networks.ts';
import { Device } from '../../../src/gpu/device.ts';
import { elementsOf } from '../profile/xml.ts';
import { cyclops, makeData, SMALL, temporaryFolder } from '../support.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
vi.setConfig({ testTimeout: 300_000 });

const TINY = ['--ngf', '4', '--blocks', '1', '--size', '24'];
const QUICK = ['--seconds', '0'];

function read(path: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** A median between the extremes, all of them times that can be. */
function expectSpread({ median, min, max, runs }: Record<string, number>): void {
  expect(runs).toBeGreaterThanOrEqual(3);
  expect(min).toBeGreaterThan(0);
  expect(median).toBeGreaterThanOrEqual(min ?? Number.NaN);
  expect(max).toBeGreaterThanOrEqual(median ?? Number.NaN);
}

describe('bench step', () => {
  it('prints one JSON object that says where it comes from', async () => {
    const args = ['bench', 'step', ...TINY, ...QUICK, '--batch', '2', '--json'];
    const { code, stdout, stderr } = await cyclops(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const result = JSON.parse(stdout);
    const root = new URL('../../..', import.meta.url);
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
    expect(result.commit.replace(/-dirty$/, '')).toBe(head);
    expect(result).toMatchObject({
      command: `cyclops ${args.join(' ')}`,
      versions: { cyclops: expect.any(String), node: process.versions.node, webgpu: expect.any(String) },
      device: { driver: expect.stringMatching(/./) },
      workload: { ngf: 4, blocks: 1, size: 24, batch: 2 },
      bars: [],
    });
    expect(Date.now() - Date.parse(result.date)).toBeLessThan(300_000);
    for (const part of [result.generator, result.step]) {
      expect(part.launches).toBeGreaterThan(10);
      for (const times of [part.eager, part.captured, part.successive, part.device]) expectSpread(times);
    }
    expect(result.peakBytes).toBeGreaterThan(2 * 50 * 2 * 24 * 24 * 3 * 4);
    expect(result.step.launches).toBeGreaterThan(4 * result.generator.launches);
    expectSpread(result.host.replay);
    expect(result.host.createdAfterSecondStep).toEqual({ buffers: 0, bindGroups: 0, pipelines: 0 });
    expect(Object.keys(result.variants).some((problem) => problem.startsWith('conv2d.weightGrad 7×7'))).toBe(true);
  });

  it('on the null backend creates nothing after the second step of the full configuration, and judges the bars', async () => {
    const { code, stdout } = await cyclops('bench', 'step', '--device', 'null', ...QUICK, '--json');
    const { device, workload, step, host, bars } = JSON.parse(stdout);
    expect(device.driver).toBe('null backend');
    expect(workload).toEqual({ ngf: 64, blocks: 9, size: 256, batch: 1, precision: 'f32' });
    expect(step).toMatchObject({ eager: null, captured: null, successive: null, device: null });
    expect(host.createdAfterSecondStep).toEqual({ buffers: 0, bindGroups: 0, pipelines: 0 });
    expect(bars.map(({ most }: { most: number }) => most)).toEqual([4, 15, 0]);
    for (const { value, most, met } of bars) expect(met).toBe(value <= most);
    expect(bars[2]).toMatchObject({ value: 0, met: true });
    expect(code).toBe(bars.every(({ met }: { met: boolean }) => met) ? 0 : 1);
  });

  it('profiles: tables by kernel and by layer, and a trace with a slice for every launch', async () => {
    const [json, trace] = [folder.path('step.json'), folder.path('step-trace.json')];
    const { code, stdout } = await cyclops('bench', 'step', ...TINY, ...QUICK, '--trace', trace, '--json', json);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^kernel +share +launches/m);
    expect(stdout).toMatch(/^optim\/adam +\d/m);
    expect(stdout).toMatch(/^layer +share +launches/m);
    const { step, profile } = read(json);
    const sum = (rows: { launches: number }[]) => rows.reduce((total, { launches }) => total + launches, 0);
    expect(sum(profile.kernels)).toBe(step.launches);
    expect(sum(profile.layers)).toBe(step.launches);
    const shares = profile.layers.map(({ share }: { share: number }) => share);
    expect(shares.reduce((total: number, share: number) => total + share, 0)).toBeGreaterThan(0.5);
    const { traceEvents } = read(trace);
    const slices = traceEvents.filter(({ ph, args }: { ph: string; args: object }) => ph === 'X' && 'flops' in args);
    expect(slices).toHaveLength(3 * step.launches);
  });
});

describe('bench layers', () => {
  it('names layers in both passes, and draws those of the generator', async () => {
    const [json, svg] = [folder.path('layers.json'), folder.path('roofline.svg')];
    const { code, stdout } = await cyclops('bench', 'layers', ...TINY, '--json', json, '--roofline', svg);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ceilings of this device: copy [\d.]+ GB\/s, f32 [\d.]+ GFLOP\/s/m);
    const { layers, ceilings } = read(json);
    expect(ceilings.copyBytesPerSecond).toBeGreaterThan(0);
    const names: string[] = layers.map(({ name }: { name: string }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['G_A.model.1 forward', 'G_A.model.1 backward', 'D_A.model.11 backward']),
    );
    expect(names.filter((name) => !/^(G_A|D_A)\./.test(name))).toEqual([]);
    for (const { milliseconds, gflopsPerSecond, ofCeiling } of layers) {
      expectSpread(milliseconds);
      expect(gflopsPerSecond).toBeGreaterThan(0);
      expect(ofCeiling).toBeGreaterThan(0);
    }
    const dots = elementsOf(readFileSync(svg, 'utf8')).filter(({ attributes }) => attributes.get('class') === 'dot');
    expect(dots).toHaveLength(names.filter((name) => /^G_A\..* forward$/.test(name)).length);
    // Stem, two halvings, a block of two convolutions, two doublings, head; all but the head with a norm.
    expect(dots).toHaveLength(15);
  });

  it('shows the layers that a filter asks for', async () => {
    const { stdout } = await cyclops('bench', 'layers', ...TINY, '--filter', 'D_B.model.0', '--json');
    const { layers } = JSON.parse(stdout);
    expect(layers.map(({ name }: { name: string }) => name)).toEqual(['D_B.model.0 forward', 'D_B.model.0 backward']);
  });
});

describe('bench ceilings', () => {
  it('tells rates of the device and what a launch costs', async () => {
    const { code, stdout } = await cyclops('bench', 'ceilings', ...QUICK, '--json');
    expect(code).toBe(0);
    const { ceilings, emptyLaunch } = JSON.parse(stdout);
    for (const name of ['copyBytesPerSecond', 'f32FlopsPerSecond', 'launchSeconds']) {
      expect(ceilings[name]).toBeGreaterThan(0);
    }
    const rates = ceilings.matrices.map(({ flopsPerSecond }: { flopsPerSecond: number }) => flopsPerSecond);
    expect(ceilings.matrix?.flopsPerSecond ?? -Infinity).toBe(Math.max(...rates));
    for (const cost of Object.values<Record<string, number>>(emptyLaunch)) expectSpread(cost);
    expect(emptyLaunch.replay.median).toBeGreaterThan(emptyLaunch.hostReplay.min);
  });
});

describe('bench memory', () => {
  it('tells what is kept from what a step makes and drops', async () => {
    const { code, stdout } = await cyclops('bench', 'memory', ...TINY, '--json');
    expect(code).toBe(0);
    const { parameters, gradients, moments, pools, plan, live, peak } = JSON.parse(stdout);
    const device = await Device.open({ checked: true });
    const options = { channels: 3, ngf: 4, blocks: 1, seed: 1, stream: 0 };
    const generator = resnetGenerator(device, options).parameters();
    const bytes = generator.reduce((sum, { size }) => sum + 4 * size, 0);
    device.close();
    expect(parameters).toBeGreaterThan(2 * bytes);
    expect(gradients).toBe(parameters);
    expect(moments).toBe(2 * parameters);
    expect(pools).toBe(2 * 50 * 24 * 24 * 3 * 4);
    expect(plan.bytes).toBeGreaterThanOrEqual(plan.lowerBound);
    expect(live).toBeGreaterThanOrEqual(parameters + gradients + moments + pools + plan.bytes);
    expect(peak.captured).toBe(live);
    expect(peak.eager).toBeGreaterThan(parameters + gradients + moments + pools);
  });
});

describe('bench kernels', () => {
  it('times every variant of what the filter lets through, and marks the fastest of each problem', async () => {
    const { code, stdout } = await cyclops(
      'bench',
      'kernels',
      ...TINY,
      ...QUICK,
      '--quiet',
      '--filter',
      'instanceNorm.f',
      '--json',
    );
    expect(code).toBe(0);
    const { kernels } = JSON.parse(stdout);
    const problems = new Map<string, { variant: string; fastest: boolean }[]>();
    for (const row of kernels) {
      expect(row.operation).toBe('instanceNorm.forward');
      // One that is slower by far is run once.
      if (row.milliseconds.runs > 1) expectSpread(row.milliseconds);
      else expect(row.fastest).toBe(false);
      problems.set(row.problem, [...(problems.get(row.problem) ?? []), row]);
    }
    expect([...problems.keys()]).toContain('[1,576,4] f32');
    for (const rows of problems.values()) {
      expect(rows.map(({ variant }) => variant)).toContain('naive');
      expect(rows.length).toBeGreaterThan(1);
      expect(rows.filter(({ fastest }) => fastest)).toHaveLength(1);
    }
  });

  it('times what has one variant too', async () => {
    const { stdout } = await cyclops('bench', 'kernels', ...TINY, ...QUICK, '--quiet', '--filter', 'adam', '--json');
    const [adam, ...more] = JSON.parse(stdout).kernels;
    expect(more).toEqual([]);
    expect(adam).toMatchObject({ operation: 'adam', variant: '', launches: 1 });
    expect(adam.bytes).toBe(28 * Number(/\[(\d+)\]/.exec(adam.problem)?.[1]));
  });
});

describe('train --profile', () => {
  it('prints tables and writes a trace of three steps, and trains the same bits', async () => {
    const data = makeData(folder.path('data'), { normal: 4, abnormal: 4 });
    const train = (out: string, ...more: string[]) =>
      cyclops('train', data, '--out', folder.path(out), ...SMALL, '--steps', '6', '--quiet', ...more);
    const trace = folder.path('train-trace.json');
    const { code, stdout } = await train('profiled', '--profile', '--trace', trace);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^images\/view +[\d.]+ % /m);
    expect(stdout).toMatch(/^G_B\.model\.1 backward /m);
    const { traceEvents } = read(trace);
    const steps = traceEvents.filter(
      ({ name, ph }: { name: string; ph: string }) => ph === 'X' && /^step \d$/.test(name),
    );
    expect(steps).toHaveLength(3);
    expect((await train('plain')).code).toBe(0);
    const weights = (run: string) => readFileSync(folder.path(run, 'checkpoint', 'G_A.safetensors')).toString('base64');
    expect(weights('profiled')).toBe(weights('plain'));
  });
});

describe('what cannot be measured is refused in plain words', () => {
  it.each<[string, string[], number, RegExp]>([
    ['kernels on the null backend', ['kernels', '--device', 'null'], 1, /null backend: it executes nothing/],
    ['a profile on the null backend', ['step', ...TINY, '--device', 'null', '--profile'], 1, /it executes nothing/],
    [
      'a filter that nothing fits',
      ['kernels', ...TINY, '--filter', 'convolve'],
      1,
      /contains 'convolve'.*conv2d\.forward/,
    ],
    ['a side that the generator cannot halve', ['step', '--size', '30'], 2, /--size 30 .*a multiple of 4 from 24/],
    ['half a block', ['memory', '--blocks', '0.5'], 2, /--blocks 0\.5 .*a whole number from 1/],
  ])('%s', async (_, args, code, message) => {
    const outcome = await cyclops('bench', ...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/\bat .*\.ts:/);
    expect(outcome.stdout).toBe('');
  });
});

describe('bench input', () => {
  it('tells how fast images are read, judged, and both, and what limits', async () => {
    const data = makeData(folder.path('input-data'), { normal: 8, abnormal: 8 });
    const run = folder.path('input-run');
    const trained = await cyclops('train', data, '--out', run, ...SMALL, '--steps', '2', '--no-tune');
    expect(trained.code).toBe(0);
    const args = ['bench', 'input', `${data}/normal`, '--model', run, '--seconds', '0.2', '--no-tune'];
    const { code, stdout } = await cyclops(...args, '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ files: 8, megapixels: 0.001024 });
    for (const rate of ['library', 'reading', 'device', 'together']) expect(result[rate]).toBeGreaterThan(0);
    expect(result.limits).toBe(result.reading < result.device ? 'reading' : 'the device');
    const text = (await cyclops(...args)).stdout;
    expect(text).toMatch(/8 files of 0\.00102 million pixels/);
    expect(text).toMatch(/limits\.$/m);
  });

  it('says where a folder has no image that can be read, and where none is', async () => {
    const broken = folder.path('input-broken');
    mkdirSync(broken);
    writeFileSync(`${broken}/a.png`, 'no image');
    const run = folder.path('input-run');
    const { code, stderr } = await cyclops('bench', 'input', broken, '--model', run, '--no-tune');
    expect(code).toBe(1);
    expect(stderr.replace(/\s+/g, ' ')).toMatch(/None of the first 16 images can be read\. .*a\.png is not an image/);
  });
});
