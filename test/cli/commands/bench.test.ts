import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { resnetGenerator } from '../../../src/cyclegan/networks.ts';
import { Device } from '../../../src/gpu/device.ts';
import { elementsOf } from '../profile/xml.ts';
import { SOURCES } from '../program.ts';
import { cyclops, makeData, SMALL, start, temporaryFolder } from '../support.ts';

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
    expect(bars.map(({ most }: { most: number }) => most)).toEqual([4, 4, 0]);
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

describe('bench kernels --with', () => {
  const command = (file: string) => ['bench', 'kernels', ...TINY, ...QUICK, '--quiet', '--with', file];
  const withFile = (file: string, ...more: string[]) => cyclops(...command(file), ...more);
  const describes = (name: string, fields: object, kernel: string) => {
    writeFileSync(folder.path(`${name}.wgsl`), kernel);
    const description = { operation: 'conv2d.forward', name, kernel: `${name}.wgsl`, ...fields };
    writeFileSync(folder.path(`${name}.json`), JSON.stringify(description));
    return folder.path(`${name}.json`);
  };
  const textOf = (name: string) => readFileSync(`src/kernels/wgsl/conv2d/${name}.wgsl`, 'utf8');

  it('checks the variant of a module, which none of the networks needs', async () => {
    const args = [...command('examples/pointwise.ts'), '--json'];
    const { code, stdout } = await start(args, undefined, {}, SOURCES).outcome;
    const { checked, kernels } = JSON.parse(stdout);
    expect(checked).toMatchObject([{ operation: 'conv2d.forward', variant: 'pointwise' }]);
    const { checks } = checked[0];
    // Two problems of odd shapes, plain and with bias and activation.
    expect(checks.map(({ full, fault }: { full: boolean; fault: unknown }) => [full, fault])).toEqual(
      [false, true, false, true].map((full) => [full, null]),
    );
    expect([code, kernels]).toEqual([0, []]);
  });

  it('checks the text of a kernel that takes over a launch, and times it in turns with the others', async () => {
    const file = describes(
      'mine',
      { like: 'tiled', where: { c: { least: 8 }, dtype: 'f32' } },
      textOf('forward-tiled'),
    );
    const { code, stdout } = await withFile(file, '--filter', '3×3 s1', '--json', '--seconds', '0.01');
    const { checked, kernels } = JSON.parse(stdout);
    expect(checked[0].checks.length).toBeGreaterThan(8);
    expect(checked[0].checks.filter(({ fault }: { fault: unknown }) => fault !== null)).toEqual([]);
    const mine = kernels.filter(({ variant }: { variant: string }) => variant === 'mine');
    expect(mine.map(({ problem }: { problem: string }) => problem)).toEqual([
      '3×3 s1 p1 reflect [1,6,6,16]→[1,6,6,16] f32',
    ]);
    expect(kernels.map(({ variant }: { variant: string }) => variant)).toEqual(
      expect.arrayContaining(['tiled', 'naive']),
    );
    const compared = kernels.filter(({ ofFastest }: { ofFastest: unknown }) => ofFastest !== null);
    for (const { ofFastest } of compared) expect(ofFastest.low).toBeLessThanOrEqual(ofFastest.median);
    expect(code).toBe(0);
  });

  it('ends with 1 and says where a variant is wrong, and times nothing', async () => {
    // Wrong only where there is a bias.
    const wrong = textOf('forward-naive').replace('sum = bias[o]', 'sum = bias[o] * 1.01');
    const { code, stdout } = await withFile(describes('wrong', {}, wrong));
    expect(code).toBe(1);
    expect(stdout).toMatch(/conv2d\.forward wrong: WRONG, so not timed; right in 3 of 6 checks/);
    expect(stdout).toMatch(
      /3×3 s1 p1 zeros \[1,9,7,8\]→\[1,9,7,12\] f32, with all .* off by 0\.\d+ of the largest value/,
    );
    expect(stdout).toMatch(/None of the problems of these networks is left to be timed/);
    const broken = await withFile(describes('broken', {}, wrong.replace('let o = ', 'let o == ')));
    expect([broken.code, broken.stdout]).toEqual([1, expect.stringMatching(/broken\.wgsl:\d+:\d+: expected '='/)]);
  });

  it.each([
    [
      'an operation that is none',
      { operation: 'conv3d' },
      /no operation 'conv3d' has variants; expected one of conv2d\.forward/,
    ],
    ['the name of another', { name: 'naive' }, /as conv2d\.forward has one already/],
    ['a key that means nothing', { wher: {} }, /wher is .* expected no option of this name, but any of operation/],
    [
      'a value that the problem has not',
      { workgroups: [{ of: ['zz'], per: 4 }] },
      /counts workgroups by 'zz'; expected a number of the problem: n, h/,
    ],
    ['several launches', { operation: 'conv2d.weightGrad', like: 'winograd' }, /makes \d launches here|which makes \d/],
    ['no problem at all', { where: { c: -1 } }, /supports none of conv2d\.forward's problems/],
  ])('refuses a description with %s', async (_, fields, message) => {
    const { code, stderr } = await withFile(describes('odd', fields, textOf('forward-naive')));
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });

  it.each([
    ['export const x = 1;', /has to export `operation`.*operation is to be a text/],
    ["throw new Error('not today')", /cannot be loaded: not today/],
    ['throw { toString() { throw 1; } }', /cannot be loaded: it threw something that has no text/],
    ['await new Promise(() => {})', /cannot be loaded: it waits, .* for something that never comes/],
    ["export const operation = 'matmul'; export const variants = [{ name: 'a' }]", /variants.* is to be a variant/],
  ])('refuses the module %s', async (text, message) => {
    writeFileSync(folder.path('odd.mjs'), text);
    const { code, stderr } = await withFile(folder.path('odd.mjs'));
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });
});

describe('bench compare', () => {
  const origin = {
    command: 'cyclops bench kernels --json a.json',
    date: '2026-11-28T00:00:00.000Z',
    commit: 'a'.repeat(40),
    device: { name: 'H200', driver: 'NVIDIA 580', vendor: 'nvidia', architecture: 'hopper', software: false },
    versions: { cyclops: '0.2.0' },
    workload: { ngf: 64, precision: 'mixed' },
  };
  const row = (variant: string, median: number, spread = 0.02) => ({
    ...{ operation: 'conv2d.forward', problem: '3×3', variant, ofFastest: { median: 9, min: 9, max: 9, runs: 5 } },
    milliseconds: {
      median,
      low: (1 - spread) * median,
      high: (1 + spread) * median,
      min: median / 2,
      max: 2 * median,
      runs: 9,
    },
  });
  const written = (name: string, fields: object) => {
    writeFileSync(folder.path(name), JSON.stringify({ ...origin, ...fields }));
    return folder.path(name);
  };
  const compare = (a: object, b: object, ...options: string[]) =>
    cyclops('bench', 'compare', written('a.json', a), written('b.json', b), ...options);

  it('says what is slower beyond doubt, what is not, and what changed, and fails beyond the bound', async () => {
    const old = { kernels: [row('tiled', 2), row('naive', 8), row('wide', 4, 0.2), row('gone', 1)] };
    const young = {
      ...{ commit: 'b'.repeat(40), device: { ...origin.device, driver: 'NVIDIA 590' } },
      kernels: [row('tiled', 2.3), row('naive', 6), row('wide', 4.4, 0.2), row('new', 1)],
    };
    const { code, stdout } = await compare(old, young);
    expect(stdout).toMatch(/^driver: NVIDIA 580 → NVIDIA 590$/m);
    expect(stdout).toMatch(/^commit: a{40} → b{40}$/m);
    expect(stdout).toMatch(
      /conv2d\.forward 3×3 tiled +2\.000 +2\.300 +1\.150 \(1\.105 to 1\.197\) +SLOWER than 1\.05$/m,
    );
    expect(stdout).toMatch(/3×3 naive .* 0\.750 \(0\.721 to 0\.781\) +faster$/m);
    expect(stdout).toMatch(/3×3 wide .* 1\.100 \(0\.733 to 1\.650\)$/m);
    expect(stdout).toMatch(
      /Of 3 times 1 slower, 1 faster beyond doubt\.\nTimed by the old one alone: 1, such as kernels .* gone/,
    );
    expect(code).toBe(1);
    expect((await compare(old, young, '--bound', '1.2')).code).toBe(0);
    const { ratios, bound } = JSON.parse((await compare(old, young, '--json')).stdout);
    expect([ratios.length, bound]).toEqual([3, 1.05]);
  });

  it('takes the extremes of documents that know no interval', async () => {
    const { low: _, high: __, ...plain } = row('tiled', 2).milliseconds;
    const { stdout } = await compare({ step: plain }, { step: plain });
    expect(stdout).toMatch(/^step .* 1\.000 \(0\.250 to 4\.000\)$/m);
  });

  it.each([
    [
      'two devices',
      { device: { ...origin.device, name: 'H100' } },
      2,
      /measured on H200, .* on H100: times of two devices say nothing of the code/,
    ],
    [
      'two sizes',
      { workload: { ngf: 32, precision: 'mixed' } },
      2,
      /measured ngf 64.*ngf 32.* Measure the same work twice/,
    ],
    ['nothing in common', { kernels: [row('else', 1)] }, 1, /time nothing in common/],
    ['times of nothing', { kernels: [row('tiled', 0)] }, 1, /tiled milliseconds holds no times: .* above 0/],
    ['times that cannot be', { kernels: [row('tiled', -1)] }, 1, /holds no times: .*"median":-1/],
  ])('refuses %s', async (_, other, status, message) => {
    const { code, stderr } = await compare({ kernels: [row('tiled', 1)] }, { kernels: [row('tiled', 1)], ...other });
    expect([code, stderr]).toEqual([status, expect.stringMatching(message)]);
  });

  it('tells processors of a software device apart', async () => {
    const on = (name: string) => ({
      ...{
        device: { ...origin.device, software: true },
        processor: { name, cores: 2 },
        step: row('a', 1).milliseconds,
      },
    });
    expect((await compare(on('EPYC'), on('EPYC'))).code).toBe(0);
    expect((await compare(on('EPYC'), on('Xeon'))).stderr).toMatch(/EPYC, 2 cores.* Xeon, 2 cores/);
  });

  it('refuses what is no measurement', async () => {
    const { code, stderr } = await cyclops('bench', 'compare', 'package.json', 'package.json');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/package\.json does not hold what it should/)]);
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
    ['one file for two things', ['step', '--json', 'a', '--trace', './a'], 2, /--json and --trace both name \.\/a/],
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
    writeFileSync(`${data}/normal/9.png`, 'no image');
    const text = (await cyclops(...args)).stdout;
    expect(text).toMatch(/1 of the first 9 files cannot be read and are left out: \S+9\.png is not an image/);
    expect(text).toMatch(/9 files of 0\.00102 million pixels/);
    expect(text).toMatch(/limits\.$/m);
  });

  it('has untrained networks judge where no model is given', async () => {
    const args = ['bench', 'input', `${folder.path('input-data')}/abnormal`, '--seconds', '0.2', '--no-tune'];
    const { code, stdout } = await cyclops(...args, '--preset', 'tiny', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ files: 8 });
    const both = await cyclops(...args, '--preset', 'tiny', '--model', folder.path('input-run'));
    expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/--preset.*cannot be used with.*--model/)]);
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
