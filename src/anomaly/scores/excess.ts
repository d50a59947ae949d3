/**
 * The place that is most too dark or too bright. The blur comes before the absolute value, so that a texture's residue of both signs
 * cancels and a small defect of one sign stays: hence a smaller window than that of `blurmax`.
 */
import type { Score } from './score.ts';
export const excess: Score<'meanExcess' | 'leastExcess3' | 'largestExcess3'> = {
  info: {
    name: 'excess',
    label: 'largest excess',
    formula: 'max |d blurred 3 × 3 − mean d|, d = x − G_a2n(x)',
    paper: false,
  },
  needs: ['meanExcess', 'leastExcess3', 'largestExcess3'],
  compute: ({ meanExcess, leastExcess3, largestExcess3 }) =>
    Math.max(meanExcess - leastExcess3, largestExcess3 - meanExcess),
};
