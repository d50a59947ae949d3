import type { ScoredImage } from '../../../src/anomaly/scores/scored-image.ts';

/** An image whose hottest pixel of the residual over 5 × 5 pixels is `hottest`. */
export function image(label: 'normal' | 'abnormal', hottest: number): ScoredImage {
  return { file: 'f', label, scores: {}, hottest, heat: { residual5: { hottest, median: hottest / 2 } } };
}
