import { scale } from '../../autograd/scale.ts';
import { combineMaps, differenceMap, imageMeasurement } from './difference.ts';
import { type AnomalyMap, pixels } from './map.ts';

/**
 * How much brighter or darker a place is than it should be, beyond what the whole image is. The blur comes before the absolute value, so
 * that a texture's residue of both signs cancels and a small defect of one sign stays.
 *
 * @param box side of the square that is averaged over
 */
export function excess(box: number): AnomalyMap {
  const over = box === 1 ? '' : ` and over ${box} × ${box} pixels`;
  return {
    name: box === 1 ? 'excess' : `excess${box}`,
    label: box === 1 ? 'excess' : `excess over ${box} × ${box} pixels`,
    formula: `|d − mean d|, d = x − x̂ averaged over channels${over}`,
    networks: ['G_A'],
    zero: null,
    make: ({ x, reconstruction }) => {
      const mean = imageMeasurement('mean', differenceMap('signed', x, reconstruction()));
      return pixels(combineMaps('departure', differenceMap('signed', x, reconstruction(), box), mean));
    },
  };
}

/** What is brighter than it should be: scratches, burrs, lesions. Noise of the other sign does not count. */
export const bright5: AnomalyMap = {
  name: 'bright5',
  label: 'brighter than normal',
  formula: 'x − x̂, averaged over channels and over 5 × 5 pixels',
  networks: ['G_A'],
  zero: null,
  make: ({ x, reconstruction }) => pixels(differenceMap('signed', x, reconstruction(), 5)),
};

/** What is darker than it should be: cracks, pits, stains. Noise of the other sign does not count. */
export const dark5: AnomalyMap = {
  name: 'dark5',
  label: 'darker than normal',
  formula: 'x̂ − x, averaged over channels and over 5 × 5 pixels',
  networks: ['G_A'],
  zero: null,
  make: ({ plane }) => pixels(scale(plane(bright5).values, -1)),
};
