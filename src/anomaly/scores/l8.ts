/** Between the mean and the maximum: counts what is very wrong, however little of the image it is, and forgives what is a little wrong everywhere. */
import type { Score } from './score.ts';
export const l8: Score<'eighthPower'> = {
  info: { name: 'l8', label: 'eighth-power error', formula: '(mean (x − G_a2n(x))⁸)^⅛', paper: false },
  needs: ['eighthPower'],
  compute: ({ eighthPower }) => eighthPower ** (1 / 8),
};
