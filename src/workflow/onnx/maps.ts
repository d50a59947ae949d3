import { CONTRAST_FLOOR, CONTRAST_WINDOW, contrast } from '../../anomaly/maps/contrast.ts';
import { cycle } from '../../anomaly/maps/cycle.ts';
import { BOXES } from '../../anomaly/maps/difference.ts';
import { bright5, dark5, excess } from '../../anomaly/maps/excess.ts';
import { features, featuresResidual } from '../../anomaly/maps/features.ts';
import { da, daDn, dn, dnPixels, dnPixelsChange } from '../../anomaly/maps/logits.ts';
import type { AnomalyMap, Observer } from '../../anomaly/maps/map.ts';
import { eighthPower, squaredError, squaredErrorAbnormal } from '../../anomaly/maps/powers.ts';
import { residual } from '../../anomaly/maps/residual.ts';
import { residualDifference } from '../../anomaly/maps/residual-difference.ts';
import { ssim } from '../../anomaly/maps/ssim.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { SSIM_WINDOW } from '../../kernels/images/ssim.ts';
import { localDeviation } from './deviation.ts';
import { differenceMap } from './difference.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { Volume } from './layers.ts';
import type { Plane } from './networks.ts';
import type { OnnxPasses } from './passes.ts';
import { place } from './place.ts';
import { ssimByWindow } from './ssim.ts';

/** Maps of one batch of images, each there once. */
export interface OnnxMaps {
  /** At the map's own resolution. @throws CyclopsError for a map that cannot be written, or that the networks do not have */
  plane(map: AnomalyMap): Plane;
  /** [N, 1, H, W] of the image. */
  placed(map: AnomalyMap): Volume;
}

type MakeMap = (passes: OnnxPasses, maps: OnnxMaps) => Plane;

/** How each map of a fixed name is made: the twins of `src/anomaly/maps`. A gradient needs a backward pass, which ONNX does not have. */
const MAPS: ReadonlyMap<string, MakeMap> = new Map<string, MakeMap>([
  ...BOXES.map((box): [string, MakeMap] => [
    residual(box).name,
    ({ graph, x, reconstruction }) => pixels(differenceMap(graph, 'absolute', x, reconstruction(), box)),
  ]),
  ...BOXES.map((box): [string, MakeMap] => [excess(box).name, (passes) => pixels(departure(passes, box))]),
  [bright5.name, ({ graph, x, reconstruction }) => pixels(differenceMap(graph, 'signed', x, reconstruction(), 5))],
  [dark5.name, ({ graph }, maps) => negated(graph, maps.plane(bright5))],
  [
    contrast.name,
    ({ graph, x }, maps) => {
      const deviation = localDeviation(graph, x, (CONTRAST_WINDOW - 1) / 2);
      const raised = graph.node('Add', [deviation.value, graph.number(CONTRAST_FLOOR, 'f32')]);
      return combined(graph, 'Div', maps.placed(residual(5)), raised);
    },
  ],
  [
    ssim.name,
    ({ graph, x, reconstruction }) => {
      const similarity = ssimByWindow(graph, x, reconstruction());
      const value = graph.node('Sub', [graph.number(1, 'f32'), similarity.value]);
      return { volume: { ...similarity, value }, field: { stride: 1, offset: (SSIM_WINDOW - 1) / 2 } };
    },
  ],
  [features.name, (passes) => change(passes, 'dn', passes.hidden('dn').length, features)],
  [
    featuresResidual.name,
    ({ graph }, { placed }) => combined(graph, 'Mul', placed(features), placed(residual(5)).value),
  ],
  [dn.name, ({ graph, logits }) => negated(graph, logits('dn'))],
  [da.name, ({ logits }) => logits('da')],
  [
    daDn.name,
    ({ graph, logits }, { plane, placed }) => {
      const [abnormal, normal] = [logits('da'), plane(dn)];
      const isOneGrid = abnormal.field.stride === normal.field.stride && abnormal.field.offset === normal.field.offset;
      return isOneGrid
        ? combined(graph, 'Add', abnormal.volume, normal.volume.value, abnormal.field)
        : combined(graph, 'Add', placed(da), placed(dn).value);
    },
  ],
  [dnPixels.name, ({ graph, pixelLogits }) => negated(graph, pixels(requirePixels(pixelLogits(), dnPixels)))],
  [
    dnPixelsChange.name,
    ({ graph, pixelLogits, pixelLogitsOfReconstruction }) => {
      const after = requirePixels(pixelLogitsOfReconstruction(), dnPixelsChange);
      return combined(graph, 'Sub', after, requirePixels(pixelLogits(), dnPixelsChange).value);
    },
  ],
  [cycle.name, ({ graph, x, cycled }) => pixels(differenceMap(graph, 'absolute', x, cycled()))],
  [
    residualDifference.name,
    ({ graph, x, abnormal }, { placed }) =>
      combined(graph, 'Sub', placed(residual(1)), differenceMap(graph, 'absolute', x, abnormal()).value),
  ],
  [squaredError.name, ({ graph, x, reconstruction }) => pixels(differenceMap(graph, 'squareSum', x, reconstruction()))],
  [squaredErrorAbnormal.name, ({ graph, x, abnormal }) => pixels(differenceMap(graph, 'squareSum', x, abnormal()))],
  [eighthPower.name, ({ graph, x, reconstruction }) => pixels(differenceMap(graph, 'eighth', x, reconstruction()))],
]);

/** As in `layerFeatures`. */
const LAYER = /^(dn|da|ga)_features(\d+)$/;

export function onnxMaps(passes: OnnxPasses): OnnxMaps {
  const { graph, x } = passes;
  const planes = new Map<string, Plane>();
  const placedMaps = new Map<string, Volume>();
  const maps: OnnxMaps = {
    plane: (map) => {
      const made = planes.get(map.name) ?? graph.within(map.name, () => makerOf(map)(passes, maps));
      planes.set(map.name, made);
      return made;
    },
    placed: (map) => {
      const plane = maps.plane(map);
      const made = placedMaps.get(map.name) ?? graph.within(`${map.name}/placed`, () => place(graph, plane, x));
      placedMaps.set(map.name, made);
      return made;
    },
  };
  return maps;
}

function makerOf(map: AnomalyMap): MakeMap {
  const [, observer, layer] = LAYER.exec(map.name) ?? [];
  if (observer !== undefined) return (passes) => change(passes, observer as Observer, Number(layer), map);
  const make = MAPS.get(map.name);
  if (make) return make;
  throw new CyclopsError(
    `The map ${map.name} cannot be written as ONNX: it needs a backward pass, which ONNX does not have. Choose a score and a heat map ` +
      `that are made without it: --by and --map take others.`,
  );
}

/** How much a hidden layer sees change. @param layer from 1 */
function change(passes: OnnxPasses, observer: Observer, layer: number, { name }: AnomalyMap): Plane {
  const own = passes.hidden(observer)[layer - 1];
  const other = passes.hiddenOfReconstruction(observer)[layer - 1];
  if (!own || !other) {
    throw new CyclopsError(
      `There is no map ${name}: that network has ${passes.hidden(observer).length} hidden layers. Choose one of these.`,
    );
  }
  return { volume: differenceMap(passes.graph, 'square', own.volume, other.volume), field: own.field };
}

/** |d − mean d| of the map `excess`. */
function departure({ graph, x, reconstruction }: OnnxPasses, box: number): Volume {
  const signed = differenceMap(graph, 'signed', x, reconstruction());
  const mean = graph.node('ReduceMean', [signed.value], { axes: { ints: [1, 2, 3] } });
  const blurred = box === 1 ? signed : differenceMap(graph, 'signed', x, reconstruction(), box);
  return { ...signed, value: graph.node('Abs', [graph.node('Sub', [blurred.value, mean])]) };
}

function pixels(volume: Volume): Plane {
  return { volume, field: { stride: 1, offset: 0 } };
}

function negated(graph: GraphBuilder, { volume, field }: Plane): Plane {
  return { volume: { ...volume, value: graph.node('Neg', [volume.value]) }, field };
}

function combined(
  graph: GraphBuilder,
  type: 'Add' | 'Sub' | 'Mul' | 'Div',
  a: Volume,
  b: Value,
  field: Plane['field'] = { stride: 1, offset: 0 },
): Plane {
  return { volume: { ...a, value: graph.node(type, [a.value, b]) }, field };
}

/** @throws CyclopsError where D_n judges patches alone */
function requirePixels(logits: Volume | null, { name }: AnomalyMap): Volume {
  if (logits) return logits;
  throw new CyclopsError(`There is no map ${name}: D_n judges patches alone. Choose another map.`);
}
