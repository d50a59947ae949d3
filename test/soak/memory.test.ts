import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { growth, type Sample } from './growth.ts';
import { buildHeapInUse, loadInUse } from './memory.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

test('memory in use is that of the heaps of glibc and of V8, and what is mapped', ({ skip }) => {
  const folder = mkdtempSync(join(tmpdir(), 'cyclops-memory-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const built = buildHeapInUse(folder);
  if ('reason' in built) return skip(built.reason);
  const inUse = loadInUse(built.file);
  const small = () => Array.from({ length: 2 ** 14 }, () => Buffer.allocUnsafeSlow(2048).fill(1));
  const numbers = () => Array.from({ length: 2 ** 22 }, (_, i) => i + 0.5);
  const mapped = () => Buffer.alloc(32 * 2 ** 20, 1);
  // All of it is kept to the end: what is given up between is freed by another thread, whenever.
  const kept: unknown[] = [];
  for (const make of [small, numbers, mapped]) {
    collect();
    const before = inUse();
    kept.push(make());
    collect();
    const cost = inUse() - before;
    expect(cost).toBeGreaterThan(28);
    expect(cost).toBeLessThan(48);
  }
  expect(kept).toHaveLength(3);
});

test('growth is the slope of the last half', () => {
  const samples = Array.from({ length: 100 }, (_, i): Sample => {
    const late = Math.max(0, i - 50);
    return { seconds: 36 * i, done: 10 * i, mebibytes: 100 + (i < 50 ? i : 50) + 0.02 * late, resident: 200 };
  });
  const { perHour, perTime, error } = growth(samples);
  expect(perHour).toBeCloseTo(2, 5);
  expect(perTime).toBeCloseTo(0.002, 6);
  expect(error).toBeLessThan(1e-6);
});
