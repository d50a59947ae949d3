import type { Score } from '../scores.ts';

export const daDn: Score = {
  info: { name: 'da_dn', label: 'discriminator difference', formula: 'mean D_a(x) − mean D_n(x)', paper: false },
  compute: ({ normality, abnormality }) => abnormality - normality,
};
