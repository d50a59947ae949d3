/** The patch for which `da_dn` is largest. */
import type { Score } from './score.ts';
export const daDnMax: Score<'strangestPatch'> = {
  info: {
    name: 'da_dn_max',
    label: 'largest discriminator difference',
    formula: 'max over patches of D_a(x) − D_n(x)',
    paper: false,
  },
  needs: ['strangestPatch'],
  compute: ({ strangestPatch }) => strangestPatch,
};
