import type { GraphBuilder, Value } from './graph.ts';

/** Where a window's values lie along one axis: what is beyond its ends stands in the middle of it. */
export interface WindowAxis {
  /** 2 down, 3 across an image [N, C, H, W]. */
  readonly axis: 2 | 3;
  /** i64 [length + 2 · radius + 1]: for the places −radius − 1 to length + radius − 1, where each is found. */
  readonly places: Value;
  /** i64 [1] */
  readonly length: Value;
  /** Extent of the window, 2 · radius + 1: i64 [1] … */
  readonly extent: Value;
}

/**
 * The mean over a window around each place along one axis, as the difference of running sums: in f64 these lose nothing that counts.
 *
 * @param x f64 [N, C, H, W] @returns f64 of the same shape
 */
export function windowMeans(graph: GraphBuilder, x: Value, { axis, places, length, extent }: WindowAxis): Value {
  const padded = graph.node('Gather', [x, places], { axis: { int: axis } });
  const sums = graph.node('CumSum', [padded, graph.int(axis)]);
  const axes = graph.ints([axis]);
  const end = graph.ints([Number.MAX_SAFE_INTEGER]);
  const upper = graph.node('Slice', [sums, extent, end, axes]);
  const lower = graph.node('Slice', [sums, graph.ints([0]), length, axes]);
  return graph.node('Div', [graph.node('Sub', [upper, lower]), graph.cast(extent, 'f64')]);
}
