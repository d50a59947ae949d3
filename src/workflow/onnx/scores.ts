import { AVERAGE } from '../../anomaly/calibration/average.ts';
import type { Calibration } from '../../anomaly/calibration/calibration.ts';
import type { Combination } from '../../anomaly/calibration/combination.ts';
import { COMBINED } from '../../anomaly/calibration/cross-combination.ts';
import { LEVEL_WEIGHT, SMALLEST, scoreNamed } from '../../anomaly/scores/list.ts';
import type { PooledMap } from '../../anomaly/scores/score.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { OnnxMaps } from './maps.ts';
import { pool } from './poolings.ts';

function total(graph: GraphBuilder, [top, mean]: readonly Value[]): Value {
  if (top === undefined || mean === undefined) throw new Error('A total has two parts.');
  return graph.node('Add', [top, graph.node('Mul', [mean, graph.number(LEVEL_WEIGHT)])]);
}

/** The twins of the scores that are a formula over pooled maps, with f64 [N] of these in their order. */
const FORMULAS: Readonly<Record<string, (graph: GraphBuilder, parts: readonly Value[]) => Value>> = {
  l8: (graph, parts) => graph.node('Pow', [...parts, graph.number(1 / 8)]),
  blurmax_ms: (graph, parts) => graph.node('Div', [graph.node('Sum', parts), graph.number(parts.length)]),
  ratio: (graph, [normal, abnormal]) => {
    if (normal === undefined || abnormal === undefined) throw new Error('A ratio has two parts.');
    return graph.node('Div', [normal, graph.node('Max', [abnormal, graph.number(SMALLEST)])]);
  },
  dn_pixels_total: total,
  dn_pixels_change_total: total,
};

/**
 * A score of images: f64 [N].
 *
 * @param by its name, of a score of its own or of what calibration made of some
 * @throws CyclopsError for one that this version does not know, or that is made of a map that cannot be written
 */
export function onnxScore(
  graph: GraphBuilder,
  maps: OnnxMaps,
  by: string,
  { combination, average }: Pick<Calibration, 'combination' | 'average'>,
): Value {
  const made = by === COMBINED.name ? combination : by === AVERAGE.name ? average?.combination : undefined;
  return graph.within(`score/${by}`, () => (made ? combined(graph, maps, made) : single(graph, maps, by)));
}

function single(graph: GraphBuilder, maps: OnnxMaps, name: string): Value {
  const score = scoreNamed(name);
  if (!score)
    throw new CyclopsError(
      `This version does not know the score ${name}. Use the version of cyclops that made the model.`,
    );
  const pooled = ({ map, pooling }: PooledMap) => pool(graph, pooling, maps.plane(map).volume);
  if (score.pools) return pooled(score.pools);
  const formula = FORMULAS[score.info.name];
  if (!formula) throw new Error(`The score ${name} has no twin in ONNX.`);
  return formula(graph, score.parts.map(pooled));
}

/** The twin of `combine`: bias + Σ weight · (score − mean) / sd. */
function combined(graph: GraphBuilder, maps: OnnxMaps, { weights, bias, means, sds }: Combination): Value {
  const names = Object.keys(weights);
  const list = (values: Readonly<Record<string, number>>, of: string) =>
    graph.constant(`score/${of}`, () => ({
      shape: [names.length],
      data: Float64Array.from(names, (name) => values[name] ?? Number.NaN),
    }));
  const each = names.map((name) => graph.node('Unsqueeze', [single(graph, maps, name), graph.ints([1])]));
  const scores = graph.node('Concat', each, { axis: { int: 1 } });
  const excess = graph.node('Sub', [scores, list(means, 'means')]);
  const standard = graph.node('Div', [graph.node('Mul', [excess, list(weights, 'weights')]), list(sds, 'deviations')]);
  const sum = graph.node('ReduceSum', [standard, graph.ints([1])], { keepdims: { int: 0 } });
  return graph.node('Add', [sum, graph.number(bias)]);
}
