import type { Score } from '../scores.ts';

/**
 * The place that is darkest for what it should be: cracks, pits, stains. What is too bright does not count, nor does light that the
 * generator changes everywhere.
 */
export const darkmax: Score<'leastExcess' | 'meanExcess'> = {
  info: {
    name: 'darkmax',
    label: 'darker than normal',
    formula: 'mean e − min e, e = x − G_a2n(x) blurred 5 × 5',
    paper: false,
  },
  needs: ['leastExcess', 'meanExcess'],
  compute: ({ leastExcess, meanExcess }) => meanExcess - leastExcess,
};
