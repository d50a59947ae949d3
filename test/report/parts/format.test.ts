import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatScore,
} from '../../../src/report/parts/format.ts';

test('four digits of a score, whatever its size', () => {
  expect([0, 0.123456, -0.30619, 438.1307, 12345.6, 2.5e-7, 3e9, null].map(formatScore)).toEqual([
    '0',
    '0.1235',
    '−0.3062',
    '438.1',
    '12350',
    '2.50e−7',
    '3.00e9',
    '–',
  ]);
});

test('shares, counts and durations', () => {
  expect(formatPercent(0.8544)).toBe('85.4 %');
  expect([formatCount(1, 'file'), formatCount(0, 'file')]).toEqual(['1 file', '0 files']);
  expect([59.4, 365, 11550].map(formatDuration)).toEqual(['59 s', '6 min 5 s', '3 h 12 min']);
});

test('bytes in thousands', () => {
  expect([0, 999, 1000, 12_500_000, 4e10].map(formatBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1 kB',
    '12.5 MB',
    '40 GB',
  ]);
});
