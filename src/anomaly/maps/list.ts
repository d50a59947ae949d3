import { AbsentNetwork } from '../../cyclegan/absent-network.ts';
import type { NetworkName } from '../../cyclegan/network-names.ts';
import type { Discriminator } from '../../cyclegan/networks.ts';
import { isSegmenting } from '../../cyclegan/unet-discriminator.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { contrast } from './contrast.ts';
import { cycle } from './cycle.ts';
import { BOXES } from './difference.ts';
import { bright5, dark5, excess } from './excess.ts';
import { features, featuresResidual, layerFeatures } from './features.ts';
import { gradient } from './gradient.ts';
import { da, daDn, dn, dnPixels, dnPixelsChange } from './logits.ts';
import type { AnomalyMap, Observer } from './map.ts';
import { eighthPower, squaredError, squaredErrorAbnormal } from './powers.ts';
import { residual } from './residual.ts';
import { residualDifference } from './residual-difference.ts';
import { ssim } from './ssim.ts';

/** The map of heat maps from before there was a choice. */
export const RESIDUAL5 = residual(5);

/** Networks, of which the layers of D_n decide how many maps there are. */
export interface WithLayers extends Partial<Readonly<Record<NetworkName, object>>> {
  readonly D_A: Pick<Discriminator, 'hiddenFields'>;
}

/** Every map that has a fixed name. */
const MAPS: readonly AnomalyMap[] = [
  ...BOXES.map(residual),
  ...BOXES.map(excess),
  ...[bright5, dark5, contrast, ssim, features, featuresResidual, dn, dnPixels, dnPixelsChange, da, daDn],
  ...[cycle, residualDifference, gradient, squaredError, squaredErrorAbnormal, eighthPower],
];

/** One for each hidden layer of a network. */
const LAYER = /^(dn|da|ga)_features([1-9]\d?)$/;

/** What users may write, for messages. */
export const MAP_NAMES = `${MAPS.map(({ name }) => name).join(', ')}, and dn_features1, da_features1 and ga_features1 with those of the layers behind`;

/** The map of this name; undefined for none. Whether networks have the layer that it names shows when it is made. */
export function mapNamed(name: string): AnomalyMap | undefined {
  const [, observer, layer] = LAYER.exec(name) ?? [];
  return observer === undefined
    ? MAPS.find((map) => map.name === name)
    : layerFeatures(observer as Observer, Number(layer));
}

/** The same. @throws CyclopsError for a name that this version does not know */
export function requireMap(name: string): AnomalyMap {
  const map = mapNamed(name);
  if (map) return map;
  throw new CyclopsError(`There is no map '${name}'; expected ${MAP_NAMES}.`);
}

/** One map for each hidden layer of D_n. */
export function layersOfDn({ D_A }: WithLayers): AnomalyMap[] {
  return D_A.hiddenFields.map((_, i) => layerFeatures('dn', i + 1));
}

/** Whether none of the networks that a map is made with is absent. */
export function canBeMade(map: AnomalyMap, networks: WithLayers): boolean {
  return !map.networks.some((name) => networks[name] instanceof AbsentNetwork);
}

/** The maps of which calibration chooses the heat map: few that differ, of those that the networks can make. */
export function heatMapCandidates(networks: WithLayers): AnomalyMap[] {
  const candidates = [
    ...[3, 5, 9].map(residual),
    ...[3, 5].map(excess),
    ...[contrast, ssim, ...layersOfDn(networks), featuresResidual, dn, daDn],
    ...(isSegmenting(networks.D_A) ? [dnPixels, dnPixelsChange] : []),
  ];
  return candidates.filter((map) => canBeMade(map, networks));
}
