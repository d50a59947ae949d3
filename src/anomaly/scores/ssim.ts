import type { Score } from './score.ts';
export const ssim: Score<'similarity'> = {
  info: { name: 'ssim', label: 'structural dissimilarity', formula: '1 − SSIM(x, G_a2n(x))', paper: false },
  needs: ['similarity'],
  compute: ({ similarity }) => 1 - similarity,
};
