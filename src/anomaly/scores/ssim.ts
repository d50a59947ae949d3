import type { Score } from '../scores.ts';

export const ssim: Score = {
  info: { name: 'ssim', label: 'structural dissimilarity', formula: '1 − SSIM(x, G_a2n(x))', paper: false },
  compute: ({ similarity }) => 1 - similarity,
};
