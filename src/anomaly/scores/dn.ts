import type { Score } from './score.ts';
export const dn: Score<'normality'> = {
  info: { name: 'dn', label: 'normal discriminator', formula: '−mean D_n(x)', paper: false },
  needs: ['normality'],
  compute: ({ normality }) => -normality,
};
