import { expect, test } from 'vitest';
import type { Outcome, Report } from '../../../bench/peers/contender.ts';
import { COLUMNS, type Column } from '../../../bench/peers/problems.ts';
import { differences, judge, table, timesOfTorch } from '../../../bench/peers/table.ts';

const timed = (median: number, values: number[] = [1, -4]): Outcome => ({
  timing: { median, min: median, max: median, samples: 3, runs: 1 },
  values,
});

function report(name: string, times: Partial<Record<Column, Outcome>>): Report {
  const columns = Object.fromEntries(COLUMNS.map((column) => [column, times[column] ?? { missing: 'no training' }]));
  return { name, version: '1.0', adapter: 'a device', columns };
}

const verdict = (reports: Report[], column: Column) => judge(reports).find((one) => one.column === column);

test('a ratio is that of the fastest peer to Cyclops, wherever it stands in the list', () => {
  const own = report('cyclops', { conv64: timed(10), step: timed(100) });
  const slow = report('slow', { conv64: timed(90), step: timed(499) });
  const fast = report('fast', { conv64: timed(25) });
  for (const reports of [
    [own, slow, fast],
    [fast, own, slow],
  ]) {
    expect(verdict(reports, 'conv64')).toEqual({ column: 'conv64', bar: 3, fastestPeer: 'fast', ratio: 2.5 });
    expect(verdict(reports, 'step')).toEqual({ column: 'step', bar: 12, fastestPeer: 'slow', ratio: 4.99 });
  }
});

test('without Cyclops or without a peer there is no ratio', () => {
  const own = report('cyclops', { inorm: timed(1) });
  const peer = report('peer', { conv64: timed(1), inorm: timed(3) });
  expect(verdict([own, peer], 'conv64')?.ratio).toBeNull();
  expect(verdict([own], 'inorm')?.ratio).toBeNull();
  expect(verdict([peer], 'inorm')?.ratio).toBeNull();
  expect(verdict([own, peer], 'inorm')?.ratio).toBe(3);
});

test('results are compared as shares of the largest value, as many as both have', () => {
  const own = report('cyclops', { conv64: timed(1, [1, -4, 2]), inorm: timed(1, [5, 5]), step: timed(1, [1, 2, 3]) });
  const peer = report('peer', {
    conv64: timed(1, [1.002, -4, 2]),
    inorm: timed(1, [5, 4.9]),
    step: timed(1, [1, 2]),
  });
  const found = differences([own, peer]);
  expect(found.map(({ column, count, same }) => [column, count, same])).toEqual([
    ['conv64', 3, true],
    ['inorm', 2, false],
    ['step', 2, true],
  ]);
  expect(found[0]?.difference).toBeCloseTo(0.0005, 6);
});

test('a result that is not a number is another computation', () => {
  const own = report('cyclops', { conv64: timed(1, [1, 2]) });
  expect(differences([own, report('peer', { conv64: timed(1, [1, Number.NaN]) })])[0]?.same).toBe(false);
});

test('PyTorch is no peer on WebGPU, and stands beside them', () => {
  const own = report('cyclops', { conv64: timed(10), step: timed(100) });
  const reports = [own, report('torch', { conv64: timed(5), step: timed(80) }), report('peer', { conv64: timed(50) })];
  expect(verdict(reports, 'conv64')).toMatchObject({ fastestPeer: 'peer', ratio: 5 });
  expect(verdict(reports, 'step')?.ratio).toBeNull();
  expect(timesOfTorch(reports, 'step')).toBe(1.25);
  expect(timesOfTorch(reports, 'inorm')).toBeNull();
  expect(timesOfTorch([own], 'step')).toBeNull();
  expect(table(reports)).toContain('| cyclops / torch | 2.00× | – | – | – | – | 1.25× |');
  expect(table([own])).not.toContain('torch');
});

test('the table shows milliseconds, ratios and why figures are missing', () => {
  const own = report('cyclops', { conv64: timed(10), step: timed(1234.5) });
  const text = table([own, report('peer', { conv64: timed(35) })]);
  expect(text).toContain('| cyclops 1.0 | 10.0 | – | – | – | – | 1,235 |');
  expect(text).toContain('| fastest peer / cyclops | 3.5× | – | – | – | – | – |');
  expect(text).toContain('peer step: no training');
});
