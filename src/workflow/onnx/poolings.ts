import { POOLINGS, type PoolingName } from '../../anomaly/scores/poolings.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { Volume } from './layers.ts';

/** The twins of the poolings: one number of a map for each image, f64 [N]. */
export function pool(graph: GraphBuilder, pooling: PoolingName, { value, channels, height, width }: Volume): Value {
  const flat = graph.node('Flatten', [value], { axis: { int: 1 } });
  const axes = { axes: { ints: [1] }, keepdims: { int: 0 } };
  const mean = (values: Value) => graph.cast(graph.node('ReduceMean', [values], axes), 'f64');
  const hottest = (share: number) => mean(graph.topK(flat, Math.max(1, Math.ceil(share * channels * height * width))));
  const makers: Record<PoolingName, () => Value> = {
    mean: () => mean(flat),
    sum: () => graph.cast(graph.node('ReduceSum', [flat, graph.ints([1])], { keepdims: { int: 0 } }), 'f64'),
    max: () => graph.cast(graph.node('ReduceMax', [flat], axes), 'f64'),
    top01: () => hottest(0.1 / 100),
    top1: () => hottest(1 / 100),
    top5: () => hottest(5 / 100),
    p8: () => {
      const squared = (of: Value) => graph.node('Mul', [of, of]);
      return graph.node('Pow', [mean(squared(squared(squared(flat)))), graph.number(1 / 8)]);
    },
  };
  return graph.within(POOLINGS[pooling].name, makers[pooling]);
}
