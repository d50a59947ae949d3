import { differenceMap } from './difference.ts';
import { type AnomalyMap, pixels } from './map.ts';

/** How far x is from what it should look like. @param box side of the square that is averaged over */
export function residual(box: number): AnomalyMap {
  const of = '|x − x̂|, averaged over channels';
  return {
    name: box === 1 ? 'residual' : `residual${box}`,
    label: box === 1 ? 'residual' : `residual over ${box} × ${box} pixels`,
    formula: box === 1 ? of : `${of} and over ${box} × ${box} pixels`,
    networks: ['G_A'],
    zero: 0,
    make: ({ x, reconstruction }) => pixels(differenceMap('absolute', x, reconstruction(), box)),
  };
}
