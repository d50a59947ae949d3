import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { type Results, verdicts } from '../../gpu-host/host/figures.mjs';
import { KINDS, ordered, partsOf } from '../../gpu-host/host/parts.mjs';
import { markdown } from '../../gpu-host/host/report.mjs';
import { runPart } from '../../gpu-host/host/run-part.mjs';

/** Of a quick run on lavapipe with PyTorch on the CPU, most kernels left out. */
const RECORDED = readFileSync(new URL('./recorded/results.json', import.meta.url), 'utf8');

const recorded = (): Results => JSON.parse(RECORDED);
const verdictOf = (results: Results, target: string) =>
  verdicts(results).find((verdict) => verdict.target.startsWith(target));

/** The recorded results as if the device had matrices and mixed precision were so many times faster than f32. */
function withMixed(factor: number): Results {
  const results = recorded();
  for (const name of ['step', 'kernels']) {
    const part = structuredClone(results.parts[`${name} f32 1`]);
    if (!part) throw new Error(`The recorded results lack ${name}.`);
    const faster = (value: { milliseconds: { median: number } }) => {
      value.milliseconds.median /= factor;
    };
    if (name === 'step') part.result.step.successive.median /= factor;
    else for (const row of part.result.kernels) faster(row);
    if (name === 'kernels') {
      const { ceilings } = part.result;
      ceilings.matrix = { shape: '8×8×8 f16→f32', flopsPerSecond: 4 * ceilings.f32FlopsPerSecond };
    }
    results.parts[`${name} mixed 1`] = part;
  }
  const [fp32] = results.parts.torch?.result.results.step ?? [];
  results.parts.torch?.result.results.step.push({ ...fp32, mode: 'default' }, { ...fp32, mode: 'amp' });
  return results;
}

describe('targets', () => {
  it('holds a step against PyTorch in the mode that is named', () => {
    const { parts } = recorded();
    const own = parts['step f32 1']?.result.step.successive.median;
    const peer = parts.torch?.result.results.step[0].milliseconds.median;
    expect(verdictOf(recorded(), 'f32 step, batch 1')).toMatchObject({
      measured: expect.stringContaining(`${(peer / own).toFixed(2)}×`),
      verdict: peer >= own ? 'met' : 'MISSED',
    });
    expect(verdictOf(withMixed(1000), 'mixed step, batch 1: at least as fast as PyTorch')?.verdict).toBe('met');
    expect(verdictOf(withMixed(0.001), 'mixed step, batch 1: at least as fast as PyTorch')?.verdict).toBe('MISSED');
  });

  it('holds kernels against the ceiling of their precision', () => {
    expect(verdictOf(recorded(), 'f32 convolutions, batch 1')).toMatchObject({ verdict: 'MISSED' });
    expect(verdictOf(withMixed(1e6), 'mixed convolutions, batch 1')).toMatchObject({ verdict: 'met' });
    expect(verdictOf(withMixed(1), 'mixed convolutions, batch 1')).toMatchObject({ verdict: 'MISSED' });
    expect(verdictOf(withMixed(1e6), 'mixed memory-bound kernels, batch 1')).toMatchObject({ verdict: 'met' });
    const bare = withMixed(1e6);
    if (bare.parts['kernels mixed 1']) bare.parts['kernels mixed 1'].result.ceilings.matrix = null;
    expect(verdictOf(bare, 'mixed convolutions, batch 1')).toMatchObject({
      measured: expect.stringContaining('no matrices'),
      verdict: 'absent',
    });
  });

  it('says why a figure is absent', () => {
    expect(verdictOf(recorded(), 'mixed step')).toMatchObject({
      measured: 'cyclops bench step has no option --precision',
      verdict: 'absent',
    });
    expect(verdictOf({ ...recorded(), parts: {} }, 'f32 step')).toMatchObject({
      measured: 'not measured yet',
      verdict: 'absent',
    });
  });
});

describe('the Markdown', () => {
  it.each<[string, Results]>([
    ['whole', recorded()],
    ['mixed', withMixed(3)],
    ['empty', { ...recorded(), parts: {} }],
  ])('%s has every section, and no value that is not one', (_, results) => {
    const text = markdown(results);
    for (const heading of [
      'Targets',
      'Training step',
      'Ceilings',
      'Kernels, mixed, batch 2',
      'What the device',
      'Parts',
    ])
      expect(text).toContain(`## ${heading}`);
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  it('puts PyTorch beside the same convolution of Cyclops', () => {
    const row = /^\| conv2d\.forward \| 3×3 s1 p1 reflect \[1,16,16,32\]→\[1,16,16,32\] .*$/m.exec(
      markdown(recorded()),
    )?.[0];
    const cells = row?.split('|').map((cell) => cell.trim()) ?? [];
    expect(Number(cells[8])).toBeGreaterThan(0);
    expect(cells[10]).toMatch(/×$/);
  });
});

test('parts that cannot be measured say so instead of having a command', () => {
  const found = { quick: true, most: 100, root: '/nowhere', out: '/tmp', torch: { absent: 'there is no python3' } };
  const parts = partsOf({ ...found, offersPrecision: (subcommand) => subcommand === 'bench step' });
  for (const { name, command, absent } of parts)
    expect([name, command === undefined]).toEqual([name, absent !== undefined]);
  expect(parts.find(({ name }) => name === 'step mixed 1')?.command).toEqual(
    expect.arrayContaining(['--precision', 'mixed']),
  );
  expect(parts.find(({ name }) => name === 'torch')?.absent).toBe('there is no python3');
});

test('what is missing comes first, ceilings last, and nothing that was not asked for', () => {
  const parts = partsOf({
    ...{ quick: false, most: 600, root: '/nowhere', out: '/tmp', torch: { absent: 'none' } },
    offersPrecision: () => true,
  });
  const names = (only: Parameters<typeof ordered>[1], there: readonly string[] = []) =>
    ordered(parts, only, (name) => there.includes(name)).map(({ name }) => name);
  expect(names(KINDS).slice(0, 5)).toEqual(['doctor', 'step mixed 16', 'step mixed 1', 'step f32 1', 'torch']);
  expect(names(KINDS).at(-1)).toBe('ceilings');
  expect(names(['verify'])).toEqual(['doctor', 'verify f32', 'verify mixed', 'verify split']);
  expect(names(['steps'], ['doctor', 'step mixed 16', 'torch']).slice(0, 3)).toEqual([
    'doctor',
    'step mixed 1',
    'step f32 1',
  ]);
  expect(names(['steps'], ['step mixed 16', 'torch']).slice(-2)).toEqual(['step mixed 16', 'torch']);
});

/** A folder with programs of these names, and a path that leads to them alone beside what a shell needs. */
function pathWith(folder: string, programs: Record<string, string>): string {
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`;
}

describe('measure.sh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-host-measure-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const out = join(folder, 'out');
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  // A step takes long; all else is there at once.
  const env = {
    CYCLOPS_ROOT: process.cwd(),
    PATH: pathWith(programs, {
      cyclops: `case "$*" in
        *--help*) echo --precision ;;
        doctor*) echo '{"versions": {}, "adapter": {"name": "card", "matrixConfigs": [], "subgroupSize": {}}, "features": [], "limits": {}, "toggles": {"enabled": [], "disabled": []}}' ;;
        verify*) echo '7 comparisons passed, 0 failed; 0 cases left out' ;;
        *) touch ${folder}/at-step; sleep 60 ;;
      esac`,
      python3: 'exit 1',
      'nvidia-smi': `case "$*" in
        *-lms*) while true; do echo 'now, 1980, 3201, 0x0, 400, 50'; sleep 0.02; done ;;
        *) echo 'card, 580, 80 GiB, 1980 MHz, 3201 MHz, 50, 400 W' ;;
      esac`,
    }),
  };
  const measure = (...args: string[]) => spawn('bash', ['gpu-host/measure.sh', out, ...args], { env });
  const results = (): Results => JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  const ended = (child: ReturnType<typeof measure>) =>
    new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));

  it('measures what is asked for, with the clocks beside it', async () => {
    expect(await ended(measure('--only', 'verify'))).toBe(0);
    const { parts } = results();
    expect(Object.entries(parts).map(([name, { status }]) => [name, status])).toEqual(
      ['doctor', 'verify f32', 'verify mixed', 'verify split'].map((name) => [name, 'ok']),
    );
    expect(readFileSync(join(out, 'clocks.csv'), 'utf8')).toMatch(/^timestamp, clocks\.sm.*\nnow, 1980/);
    expect(readFileSync(join(out, 'results.md'), 'utf8')).toContain('7 passed, 0 failed');
  });

  it('keeps what it has when it is told to end, and what an earlier run measured', async () => {
    const child = measure('--only', 'steps,verify');
    while (!existsSync(join(folder, 'at-step'))) await new Promise((resume) => setTimeout(resume, 20));
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(130);
    const { parts } = results();
    expect(parts['step mixed 16']).toMatchObject({ status: 'timed out' });
    expect(parts['verify f32']).toMatchObject({ status: 'ok', result: { passed: 7 } });
    expect(parts['step mixed 1']).toBeUndefined();
  });

  it('refuses what it does not know', async () => {
    for (const args of [
      ['--only', 'stpes'],
      ['--lease', '0.3'],
      ['--seconds', '5'],
    ]) {
      const child = measure(...args);
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      expect([await ended(child), said]).toEqual([2, expect.stringMatching(/^measure\.sh: /)]);
    }
  });
});

describe('a program with a time limit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-host-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const log = join(folder, 'log.txt');

  it('ends with all that it started', async () => {
    const trace = join(folder, 'alive');
    // It has two seconds to begin, and is killed five later if it does not end when it is told to.
    const program = `(sleep 8; touch ${trace}) & echo begun; echo why >&2; wait`;
    const outcome = await runPart(['sh', '-c', program], { seconds: 2, log });
    expect(outcome).toMatchObject({ status: 'timed out', stdout: 'begun\n', lastWords: 'why' });
    await new Promise((resume) => setTimeout(resume, 7000));
    expect(existsSync(trace)).toBe(false);
    expect(readFileSync(log, 'utf8')).toContain('why');
  });

  it('tells failures from what was ended on purpose', async () => {
    expect(await runPart(['sh', '-c', 'exit 3'], { seconds: 5, log })).toMatchObject({ status: 'failed', code: 3 });
    expect(await runPart(['/no/such/program'], { seconds: 5, log })).toMatchObject({ status: 'failed', code: null });
    const until = AbortSignal.timeout(300);
    expect(await runPart(['sleep', '60'], { seconds: 30, log, until })).toMatchObject({ status: 'ok' });
  });
});
