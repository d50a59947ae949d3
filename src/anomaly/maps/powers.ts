/** Maps that scores are sums of: powers of differences. */
import { differenceMap } from './difference.ts';
import { type AnomalyMap, pixels } from './map.ts';

export const squaredError: AnomalyMap = {
  name: 'squared_error',
  label: 'squared error',
  formula: '(x − x̂)², summed over channels',
  networks: ['G_A'],
  zero: 0,
  make: ({ x, reconstruction }) => pixels(differenceMap('squareSum', x, reconstruction())),
};

/** How far x is from its abnormal version. */
export const squaredErrorAbnormal: AnomalyMap = {
  name: 'squared_error_abnormal',
  label: 'squared error of the abnormal version',
  formula: '(x − G_n2a(x))², summed over channels',
  networks: ['G_B'],
  zero: 0,
  make: ({ x, abnormal }) => pixels(differenceMap('squareSum', x, abnormal())),
};

export const eighthPower: AnomalyMap = {
  name: 'eighth_power',
  label: 'eighth power',
  formula: '(x − x̂)⁸, averaged over channels',
  networks: ['G_A'],
  zero: 0,
  make: ({ x, reconstruction }) => pixels(differenceMap('eighth', x, reconstruction())),
};
