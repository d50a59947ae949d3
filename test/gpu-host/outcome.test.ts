import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { reasonOf, resultOf } from '../../gpu-host/host/outcome.mjs';

describe('what a part found out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-host-outcome-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'result.json');

  it('is its file where it writes one, and nothing where that is cut off or missing', () => {
    const part = { name: 'ceilings', seconds: 1, json: true };
    expect(resultOf(part, { stdout: '{"a": 1}', file })).toBeNull();
    writeFileSync(file, '{"b": 2}');
    expect(resultOf(part, { stdout: '{"a": 1}', file })).toEqual({ b: 2 });
    writeFileSync(file, '{"b": ');
    expect(resultOf(part, { stdout: '', file })).toBeNull();
  });

  it('is the last object that it printed, also one of several lines', () => {
    const part = { name: 'webgpu jax', seconds: 1 };
    expect(resultOf(part, { stdout: 'warning\n{"a": 1}\n{\n  "b": 2\n}\n', file })).toEqual({ b: 2 });
    expect(resultOf(part, { stdout: 'nothing', file })).toBeNull();
  });

  it('is the count of comparisons where it verifies', () => {
    const part = { name: 'verify f32', seconds: 1 };
    const stdout = 'ops/x  1e-3  FAILED\nops/y 0\n7 comparisons passed, 1 failed; 2 cases left out\n';
    expect(resultOf(part, { stdout, file })).toEqual({
      ...{ passed: 7, failed: 1, leftOut: 2 },
      failures: ['ops/x  1e-3  FAILED'],
    });
    expect(resultOf(part, { stdout: 'killed', file })).toBeNull();
  });
});

it('says why a part is not ok', () => {
  const outcome = { status: 'ok', code: 0, seconds: 2.4, lastWords: 'words' } as const;
  expect(reasonOf(outcome)).toBeUndefined();
  expect(reasonOf({ ...outcome, status: 'timed out', code: null })).toBe('it was ended after 2 s');
  expect(reasonOf({ ...outcome, status: 'failed', code: 3 })).toBe('exit code 3: words');
});
