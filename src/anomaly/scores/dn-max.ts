/** The patch that D_n likes least: finds what is small, where the mean over all patches drowns it. */
import type { Score } from './score.ts';
export const dnMax: Score<'leastNormality'> = {
  info: { name: 'dn_max', label: 'least normal patch', formula: '−min over patches of D_n(x)', paper: false },
  needs: ['leastNormality'],
  compute: ({ leastNormality }) => -leastNormality,
};
