import type { Score } from './score.ts';

/** Keeps the quotient finite when G_n2a returns the image itself. */
const SMALLEST = 1e-12;

/** How far the image is from normal, in units of how far it is from abnormal. */
export const ratio: Score<'squaredError' | 'squaredErrorOfAbnormal'> = {
  info: { name: 'ratio', label: 'distance ratio', formula: '|x − G_a2n(x)|² / |x − G_n2a(x)|²', paper: false },
  needs: ['squaredError', 'squaredErrorOfAbnormal'],
  compute: ({ squaredError, squaredErrorOfAbnormal, size }) =>
    squaredError / Math.max(squaredErrorOfAbnormal * size, SMALLEST),
};
