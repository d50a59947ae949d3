/** The place that is brightest for what it should be: scratches, burrs, lesions. Noise of the other sign does not count. */
import type { Score } from './score.ts';
export const brightmax: Score<'largestExcess'> = {
  info: {
    name: 'brightmax',
    label: 'brighter than normal',
    formula: 'max of x − G_a2n(x) blurred 5 × 5',
    paper: false,
  },
  needs: ['largestExcess'],
  compute: ({ largestExcess }) => largestExcess,
};
