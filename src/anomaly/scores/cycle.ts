/** What is lost on the way to normal and back. Training makes it small for abnormal images like those it saw. */
import type { Score } from './score.ts';
export const cycle: Score<'cycleError'> = {
  info: { name: 'cycle', label: 'cycle residual', formula: 'mean |x − G_n2a(G_a2n(x))|', paper: false },
  needs: ['cycleError'],
  compute: ({ cycleError }) => cycleError,
};
