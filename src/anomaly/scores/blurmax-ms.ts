/**
 * The hottest place at each of four sizes, so that neither a scratch nor a stain has to fit the one window of `blurmax`.
 *
 * Source: scale space (Lindeberg, "Feature Detection with Automatic Scale Selection", 1998), with boxes and without selection.
 */
import type { Score } from './score.ts';
export const blurmaxMs: Score<'blurredMax' | 'blurredMax3' | 'blurredMax9' | 'blurredMax17'> = {
  info: {
    name: 'blurmax_ms',
    label: 'multi-scale blurred maximum',
    formula: 'mean over b = 3, 5, 9, 17 of max of |x − G_a2n(x)| blurred b × b',
    paper: false,
  },
  needs: ['blurredMax', 'blurredMax3', 'blurredMax9', 'blurredMax17'],
  compute: ({ blurredMax, blurredMax3, blurredMax9, blurredMax17 }) =>
    (blurredMax3 + blurredMax + blurredMax9 + blurredMax17) / 4,
};
