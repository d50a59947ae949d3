import type { Score } from './score.ts';
export const l1: Score<'absoluteError'> = {
  info: { name: 'l1', label: 'absolute error', formula: 'mean |x − G_a2n(x)|', paper: false },
  needs: ['absoluteError'],
  compute: ({ absoluteError }) => absoluteError,
};
