/** The place that is darkest for what it should be: cracks, pits, stains. Noise of the other sign does not count. */
import type { Score } from './score.ts';
export const darkmax: Score<'leastExcess'> = {
  info: { name: 'darkmax', label: 'darker than normal', formula: 'max of G_a2n(x) − x blurred 5 × 5', paper: false },
  needs: ['leastExcess'],
  compute: ({ leastExcess }) => -leastExcess,
};
