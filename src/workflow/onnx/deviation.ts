import type { GraphBuilder } from './graph.ts';
import type { Volume } from './layers.ts';
import { type WindowAxis, windowMeans } from './windows.ts';

/**
 * The twin of `localDeviation`: the standard deviation of x in a window around each pixel, over the channels the root of mean squares.
 * In f64, since squares cancel where an image is flat.
 *
 * @param radius of the window, less than height and width @returns f32 [N, 1, H, W]
 */
export function localDeviation(graph: GraphBuilder, x: Volume, radius: number): Volume {
  const op = (type: string, ...inputs: Parameters<GraphBuilder['node']>[1]) => graph.node(type, inputs);
  const axes = [foldedAxis(graph, 3, x.width, radius), foldedAxis(graph, 2, x.height, radius)];
  const around = (plane: typeof x.value) => axes.reduce((made, axis) => windowMeans(graph, made, axis), plane);
  const values = graph.cast(x.value, 'f64');
  const mean = around(values);
  const variance = op('Sub', around(op('Mul', values, values)), op('Mul', mean, mean));
  const overChannels = graph.node('ReduceMean', [op('Max', variance, graph.number(0))], { axes: { ints: [1] } });
  return { ...x, value: graph.cast(op('Sqrt', overChannels), 'f32'), channels: 1 };
}

/** Ends are mirrored without the edge: … 2 1 | 0 1 … n−1 | n−2 n−3 … */
function foldedAxis(graph: GraphBuilder, axis: 2 | 3, length: number, radius: number): WindowAxis {
  const fold = (i: number) => Math.min(Math.abs(i), 2 * (length - 1) - Math.abs(i));
  // The first place is taken away again, so that anything may stand there.
  const places = Array.from({ length: length + 2 * radius }, (_, i) => fold(i - radius));
  return {
    ...{ axis, places: graph.ints([0, ...places]) },
    ...{ length: graph.ints([length]), extent: graph.ints([2 * radius + 1]) },
  };
}
