import type { Score } from '../scores.ts';

/**
 * The place that is darkest for what it should be: cracks, pits, stains. What is too bright does not count, nor does light that the
 * generator changes everywhere.
 */
export const darkmax: Score<'leastExcess' | 'meanExcess'> = {
  info: {
    name: 'darkmax',
    label: 'darker than normal',
    formula: 'mean d − min of d blurred 5 × 5, d = x − G_a2n(x)',
    paper: false,
  },
  needs: ['leastExcess', 'meanExcess'],
  compute: ({ leastExcess, meanExcess }) => meanExcess - leastExcess,
};
