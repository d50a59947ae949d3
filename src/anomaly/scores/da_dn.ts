import type { Score } from '../scores.ts';
import { mean } from '../views.ts';

export const daDn: Score = {
  info: { name: 'da_dn', label: 'discriminator difference', formula: 'mean D_a(x) − mean D_n(x)', paper: false },
  compute: ({ normality, abnormality }) => mean(abnormality) - mean(normality),
};
