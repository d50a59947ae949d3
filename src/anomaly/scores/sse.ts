/** The score of Bougaham et al., "Industrial and Medical Anomaly Detection Through Cycle-Consistent Adversarial Networks". */
import type { Score } from './score.ts';
export const sse: Score<'squaredError'> = {
  info: { name: 'sse', label: 'squared error', formula: 'Σ (x − G_a2n(x))²', paper: true },
  needs: ['squaredError'],
  compute: ({ squaredError }) => squaredError,
};
