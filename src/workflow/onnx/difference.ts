import type { DifferenceKind } from '../../kernels/images/difference-map.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { Volume } from './layers.ts';

/** The twin of `differenceMap`: where images differ, [N, 1, H, W]. @param box side of the square that is averaged over */
export function differenceMap(graph: GraphBuilder, kind: DifferenceKind, x: Volume, y: Volume, box = 1): Volume {
  const d = graph.node('Sub', [x.value, y.value]);
  const squared = (value: Value) => graph.node('Mul', [value, value]);
  const terms: Record<DifferenceKind, () => Value> = {
    absolute: () => graph.node('Abs', [d]),
    signed: () => d,
    squareSum: () => squared(d),
    square: () => squared(d),
    eighth: () => squared(squared(squared(d))),
  };
  const term = terms[kind]();
  const value =
    kind === 'squareSum'
      ? graph.node('ReduceSum', [term, graph.ints([1])])
      : graph.node('ReduceMean', [term], { axes: { ints: [1] } });
  return boxMean(graph, { ...x, value, channels: 1 }, box);
}

/** The mean over a square of `side` pixels around each, borders reflected without the edge. */
function boxMean(graph: GraphBuilder, map: Volume, side: number): Volume {
  if (side === 1) return map;
  const radius = (side - 1) / 2;
  const pads = graph.ints([0, 0, radius, radius, 0, 0, radius, radius]);
  const padded = graph.node('Pad', [map.value, pads], { mode: { text: 'reflect' } });
  const value = graph.node('AveragePool', [padded], {
    kernel_shape: { ints: [side, side] },
    strides: { ints: [1, 1] },
  });
  return { ...map, value };
}
