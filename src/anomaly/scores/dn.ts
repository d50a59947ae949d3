import type { Score } from '../scores.ts';

export const dn: Score = {
  info: { name: 'dn', label: 'normal discriminator', formula: '−mean D_n(x)', paper: false },
  compute: ({ normality }) => -normality,
};
