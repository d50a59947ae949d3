import { differenceMap } from './difference.ts';
import { type AnomalyMap, pixels } from './map.ts';

/** What is lost on the way to normal and back. Training makes it small for abnormal images like those it saw. */
export const cycle: AnomalyMap = {
  name: 'cycle',
  label: 'cycle residual',
  formula: '|x − G_n2a(x̂)|, averaged over channels',
  networks: ['G_A', 'G_B'],
  zero: 0,
  make: ({ x, cycled }) => pixels(differenceMap('absolute', x, cycled())),
};
