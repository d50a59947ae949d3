import { expect, test } from 'vitest';
import { group, rowsText } from '../../../src/cli/profile/profile.ts';
import { inTurns, spread } from '../../../src/cli/profile/statistics.ts';
import type { Launch } from '../../../src/gpu/launch.ts';
import type { Ceilings } from '../../../src/kernels/ceilings.ts';

const ceilings: Ceilings = {
  copyBytesPerSecond: 1e9,
  f32FlopsPerSecond: 10e9,
  f16FlopsPerSecond: null,
  matrix: null,
  matrices: [],
  launchSeconds: 1e-6,
};

function launch(label: string, flops: number, bytes: number): Launch {
  const kernel = { name: label, code: '', access: '', constants: {} };
  return { kernel, bindings: [], immediates: new Uint32Array(), workgroups: [1, 1, 1], label, flops, bytes };
}

test('the spread of an odd and an even number of values, in any order', () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3, min: 1, max: 3, runs: 3 });
  expect(spread([4, 1, 2, 10])).toEqual({ median: 3, low: 1, high: 10, min: 1, max: 10, runs: 4 });
  expect(() => spread([])).toThrow('Nothing was measured.');
});

test('the interval of a median is that of order statistics', () => {
  // Tables of the sign test: of n values in order, the k-th and the k-th from the end.
  const places = [
    [6, 1],
    [8, 1],
    [9, 2],
    [11, 2],
    [12, 3],
    [20, 6],
    [50, 18],
  ] as const;
  for (const [count, k] of places) {
    const { low, high } = spread(Array.from({ length: count }, (_, i) => i + 1));
    expect([count, low, high]).toEqual([count, k, count + 1 - k]);
  }
});

test('things that are measured in turns take as many rounds each, each round beginning with another', async () => {
  const order: string[] = [];
  const measure = (name: string) => async () => order.push(name);
  const values = await inTurns([measure('a'), measure('b')], 0);
  expect(order.join('')).toBe('abbaabbaab');
  expect(values.map(({ length }) => length)).toEqual([5, 5]);
});

test('rates of a group are those of a step: median time, its own counts, the least time that the ceilings allow', () => {
  // 1 ms at the multiply-adds' ceiling; 2 ms at that of copying.
  const [conv, norm, other] = [launch('conv', 1e7, 1e5), launch('norm', 1e5, 2e6), launch('other', 0, 0)];
  const step = (factor: number) => [
    { launch: conv, begin: 0, end: 2e6 * factor },
    { launch: norm, begin: 2e6 * factor, end: 6e6 * factor },
    { launch: conv, begin: 6e6 * factor, end: 8e6 * factor },
    { launch: other, begin: 8e6 * factor, end: 10e6 * factor },
  ];
  const rows = group([step(1), step(4), step(2)], ceilings, ({ label }) => (label === 'other' ? null : label));
  expect(rows.map(({ name, launches }) => [name, launches])).toEqual([
    ['conv', 2],
    ['norm', 1],
  ]);
  const [convs, norms] = rows;
  expect(convs?.milliseconds).toMatchObject({ median: 8, min: 4, max: 16, runs: 3 });
  expect(convs).toMatchObject({ flops: 2e7, bytes: 2e5 });
  expect(convs?.gflopsPerSecond).toBeCloseTo(2.5, 10);
  expect(norms?.gigabytesPerSecond).toBeCloseTo(0.25, 10);
  expect(convs?.ofCeiling).toBeCloseTo(2 / 8, 10);
  expect(norms?.ofCeiling).toBeCloseTo(2 / 8, 10);
  // Of all time, that of launches without a name included: 8 of (10 + 40 + 20) / 3 ms.
  expect(convs?.share).toBeCloseTo(24 / 70, 10);
});

test('a table says how many rows it leaves out', () => {
  const names = ['a', 'b', 'c'];
  const profile = names.map((name, i) => ({ launch: launch(name, 1e6, 1e3), begin: 1e6 * i, end: 1e6 * (i + 1) }));
  const rows = group([profile], ceilings, ({ label }) => label);
  expect(rowsText('kernel', rows)).not.toContain('more');
  expect(rowsText('kernel', rows, 1)).toMatch(/^kernel .*\na .*\n… and 2 more, 66\.7 %\n$/);
});
