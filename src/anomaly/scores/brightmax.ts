import type { Score } from '../scores.ts';

/** The place that is brightest for what it should be: scratches, burrs, lesions; else as `darkmax`. */
export const brightmax: Score<'largestExcess' | 'meanExcess'> = {
  info: {
    name: 'brightmax',
    label: 'brighter than normal',
    formula: 'max of d blurred 5 × 5 − mean d, d = x − G_a2n(x)',
    paper: false,
  },
  needs: ['largestExcess', 'meanExcess'],
  compute: ({ largestExcess, meanExcess }) => largestExcess - meanExcess,
};
