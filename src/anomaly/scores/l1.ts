import type { Score } from '../scores.ts';
import { mean } from '../views.ts';

export const l1: Score = {
  info: { name: 'l1', label: 'absolute error', formula: 'mean |x − G_a2n(x)|', paper: false },
  compute: ({ x, reconstruction }) => mean(x.map((value, i) => Math.abs(value - (reconstruction[i] ?? 0)))),
};
