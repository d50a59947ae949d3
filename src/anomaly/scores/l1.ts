import type { Score } from '../scores.ts';

export const l1: Score = {
  info: { name: 'l1', label: 'absolute error', formula: 'mean |x − G_a2n(x)|', paper: false },
  compute: ({ absoluteError }) => absoluteError,
};
