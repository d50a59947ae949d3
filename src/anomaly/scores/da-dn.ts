import type { Score } from './score.ts';
export const daDn: Score<'normality' | 'abnormality'> = {
  info: { name: 'da_dn', label: 'discriminator difference', formula: 'mean D_a(x) − mean D_n(x)', paper: false },
  needs: ['normality', 'abnormality'],
  compute: ({ normality, abnormality }) => abnormality - normality,
};
