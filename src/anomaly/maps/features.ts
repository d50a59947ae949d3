import { CyclopsError } from '../../gpu/errors.ts';
import { combineMaps, differenceMap } from './difference.ts';
import { type AnomalyMap, type Observer, type Passes, type Plane, pixels } from './map.ts';
import { residual } from './residual.ts';

const NETWORKS: Readonly<Record<Observer, string>> = { dn: 'D_n', da: 'D_a', ga: 'G_a2n' };
const JUDGES = { dn: 'D_A', da: 'D_B' } as const;

/**
 * How much a hidden layer of a network sees change.
 *
 * @param layer from 1, the first
 * Source: the feature term of Schlegl et al., "f-AnoGAN: Fast unsupervised anomaly detection with generative adversarial
 * networks", 2019, eq. 5 and 7.
 */
export function layerFeatures(observer: Observer, layer: number): AnomalyMap {
  const name = `${observer}_features${layer}`;
  const network = NETWORKS[observer];
  return {
    name,
    label: `features of ${network}, layer ${layer}`,
    formula: `(f(x) − f(x̂))², averaged over channels, f the hidden layer ${layer} of ${network}`,
    networks: observer === 'ga' ? ['G_A'] : ['G_A', JUDGES[observer]],
    zero: null,
    make: (passes) => {
      const plane = changeOf(passes, observer, layer - 1);
      if (plane) return plane;
      throw new CyclopsError(
        `There is no map ${name}: ${network} has ${passes.hidden(observer).length} hidden layers. Choose one of these.`,
      );
    },
  };
}

/** That of the last hidden layer of D_n. */
export const features: AnomalyMap = {
  name: 'features',
  label: 'feature error',
  formula: '(f(x) − f(x̂))², averaged over channels, f the last hidden layer of D_n',
  networks: ['G_A', 'D_A'],
  zero: null,
  make: (passes) => {
    const plane = changeOf(passes, 'dn', passes.hidden('dn').length - 1);
    if (!plane) throw new Error('A discriminator without hidden layers has no features.');
    return plane;
  },
};

/** What differs and looks different to D_n too. */
export const featuresResidual: AnomalyMap = {
  name: 'features_residual',
  label: 'feature error times residual',
  formula: 'features · residual5',
  networks: ['G_A', 'D_A'],
  zero: null,
  make: ({ placed }) => pixels(combineMaps('product', placed(features), placed(residual(5)))),
};

function changeOf(passes: Passes, observer: Observer, index: number): Plane | null {
  const own = passes.hidden(observer)[index];
  const other = passes.hiddenOfReconstruction(observer)[index];
  if (!own || !other) return null;
  return { values: differenceMap('square', own.values, other.values), field: own.field };
}
