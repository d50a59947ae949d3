/** The hottest place of the heat map: finds what is small, where a mean over the image drowns it. */
import type { Score } from './score.ts';
export const blurmax: Score<'blurredMax'> = {
  info: { name: 'blurmax', label: 'blurred maximum', formula: 'max of |x − G_a2n(x)| blurred 5 × 5', paper: false },
  needs: ['blurredMax'],
  compute: ({ blurredMax }) => blurredMax,
};
