/** The pixel that is most wrong: for images in black and white, whose edges a blur would bring in. */
import type { Score } from './score.ts';
export const max: Score<'largestDifference'> = {
  info: { name: 'max', label: 'largest difference', formula: 'max |x − G_a2n(x)| of a pixel', paper: false },
  needs: ['largestDifference'],
  compute: ({ largestDifference }) => largestDifference,
};
