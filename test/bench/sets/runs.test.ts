import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BenchSet } from '../../../bench/sets/outcome.ts';
import { planRuns, type Run, requireSameOptions, stateOf } from '../../../bench/sets/runs.ts';
import { outcome } from './support.ts';

const SETS: BenchSet[] = [
  { name: 'tiles', options: '--steps 9', auroc: 0.9, aupro: 0.8 },
  { name: 'xray', options: '', auroc: 0.9, aupro: null },
];

let out: string;
let run: Run;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'cyclops-sets-'));
  [run] = planRuns(SETS, { folder: '/sets', out, seeds: 1, also: '' }) as [Run];
});
afterEach(() => rmSync(out, { recursive: true }));

describe('planRuns', () => {
  it('makes every set with one seed before the next', () => {
    const runs = planRuns(SETS, { folder: '/sets', out, seeds: 2, also: '--lr 1' });
    expect(runs.map(({ folder }) => folder)).toEqual(
      ['tiles-0', 'xray-0', 'tiles-1', 'xray-1'].map((name) => join(out, name)),
    );
    expect(runs[3]).toMatchObject({ data: '/sets/xray', options: '--lr 1 --seed 1 --no-tune' });
    expect(runs[0]?.options).toBe('--steps 9 --lr 1 --seed 0 --no-tune');
  });
});

describe('stateOf', () => {
  it('resumes what has a checkpoint, or folds on the way to one', () => {
    expect(stateOf(run)).toBe('new');
    mkdirSync(run.folder);
    writeFileSync(join(run.folder, 'data.json'), '{}');
    expect(stateOf(run)).toBe('new');
    writeFileSync(join(run.folder, 'fold-scores.json'), '{}');
    expect(stateOf(run)).toBe('begun');
    rmSync(join(run.folder, 'fold-scores.json'));
    mkdirSync(join(run.folder, 'checkpoint.partial'));
    expect(stateOf(run)).toBe('new');
    // As a kill between the two renames of a checkpoint leaves it.
    mkdirSync(join(run.folder, 'checkpoint.old'));
    expect(stateOf(run)).toBe('begun');
  });

  it('evaluates what has a model, and counts figures that are whole alone', () => {
    mkdirSync(run.folder);
    writeFileSync(join(run.folder, 'model.safetensors'), '');
    expect(stateOf(run)).toBe('trained');
    writeFileSync(run.json, JSON.stringify(outcome()).slice(0, 40));
    expect(stateOf(run)).toBe('trained');
    writeFileSync(run.json, JSON.stringify(outcome()));
    expect(stateOf(run)).toBe('done');
  });
});

describe('requireSameOptions', () => {
  const other = '--steps 8 --seed 0 --no-tune';

  it('takes what is new, of the same options, or of another command', () => {
    expect(() => requireSameOptions(run)).not.toThrow();
    writeFileSync(run.begun, `${run.options}\n`);
    expect(() => requireSameOptions(run)).not.toThrow();
    rmSync(run.begun);
    writeFileSync(run.json, JSON.stringify(outcome({ options: null })));
    expect(() => requireSameOptions(run)).not.toThrow();
  });

  it('refuses figures and trainings of other options', () => {
    writeFileSync(run.begun, `${other}\n`);
    expect(() => requireSameOptions(run)).toThrow(/steps 8.*steps 9/s);
    rmSync(run.begun);
    writeFileSync(run.json, JSON.stringify(outcome({ options: other })));
    expect(() => requireSameOptions(run)).toThrow(/other options/);
  });
});
