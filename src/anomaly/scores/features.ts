/**
 * How much the normal discriminator sees change, with f its last hidden layer.
 *
 * Source: the feature term of Schlegl et al., "f-AnoGAN: Fast unsupervised anomaly detection with generative adversarial
 * networks", 2019, eq. 5 and 7.
 */
import type { Score } from './score.ts';
export const features: Score<'featureError'> = {
  info: {
    name: 'features',
    label: 'feature error',
    formula: 'mean (f(x) − f(G_a2n(x)))², f the last hidden layer of D_n',
    paper: false,
  },
  needs: ['featureError'],
  compute: ({ featureError }) => featureError,
};
