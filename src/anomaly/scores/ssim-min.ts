/** The place where structure changes most, which a mean over all windows drowns. */
import type { Score } from './score.ts';
export const ssimMin: Score<'leastSimilarity'> = {
  info: {
    name: 'ssim_min',
    label: 'largest structural dissimilarity',
    formula: '1 − min over 11 × 11 windows of SSIM(x, G_a2n(x))',
    paper: false,
  },
  needs: ['leastSimilarity'],
  compute: ({ leastSimilarity }) => 1 - leastSimilarity,
};
