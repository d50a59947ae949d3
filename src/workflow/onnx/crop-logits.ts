import { OVERLAP } from '../../anomaly/maps/crop-logits.ts';
import { type TileAxis, tilesAlong, tileWeights } from '../../anomaly/maps/tiles.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { Volume } from './layers.ts';

/** Crops along one axis of an image. */
interface CropAxis extends TileAxis {
  /** Of the image. */
  readonly extent: number;
}

/**
 * The twin of `withCropLogits`: all crops of all images as one batch, and matrices that put them together.
 *
 * @param judge the logits [M, 1, h, w] of images [M, C, h, w] @param whole those of the images @param side of a crop
 * @returns [N, 1, H, W]
 */
export function withCropLogits(
  graph: GraphBuilder,
  judge: (crops: Volume) => Volume,
  whole: Volume,
  x: Volume,
  side: number,
): Volume {
  if (Math.max(x.height, x.width) <= side) return whole;
  const [rows, columns] = [axisOf(x.height, side), axisOf(x.width, side)];
  const [down, across] = [rows.starts.length, columns.starts.length];
  const lines = graph.node('Gather', [x.value, places(graph, rows)], { axis: { int: 2 } });
  const all = graph.node('Gather', [lines, places(graph, columns)], { axis: { int: 3 } });
  const divided = reshaped(graph, all, [-1, x.channels, down, rows.side, across, columns.side]);
  const sorted = graph.node('Transpose', [divided], { perm: { ints: [0, 2, 4, 1, 3, 5] } });
  const crops = { ...x, height: rows.side, width: columns.side };
  const value = reshaped(graph, sorted, [-1, x.channels, rows.side, columns.side]);
  const judged = reshaped(graph, judge({ ...crops, value }).value, [-1, down, across, rows.side, columns.side]);
  const laid = graph.node('Transpose', [judged], { perm: { ints: [0, 1, 3, 2, 4] } });
  const sheet = reshaped(graph, laid, [-1, 1, down * rows.side, across * columns.side]);
  const joined = graph.node('MatMul', [blending(graph, rows), sheet]);
  const transposed = graph.node('Transpose', [blending(graph, columns)], { perm: { ints: [1, 0] } });
  const inCrops = graph.node('MatMul', [joined, transposed]);
  const sum = graph.node('Add', [whole.value, inCrops]);
  return { ...whole, value: graph.node('Mul', [sum, graph.number(0.5, 'f32')]) };
}

function axisOf(extent: number, side: number): CropAxis {
  return { ...tilesAlong(extent, side, side * OVERLAP), extent };
}

/** i64 [crops · side]: the places of all crops, one crop after another. */
function places(graph: GraphBuilder, { side, starts, extent }: CropAxis): Value {
  const data = () => starts.flatMap((start) => Array.from({ length: side }, (_, i) => BigInt(start + i)));
  const shape = [starts.length * side];
  return graph.constant(`crops_of_${side}_in_${extent}`, () => ({ shape, data: BigInt64Array.from(data()) }));
}

/** f32 [extent, crops · side]: what each place of a crop gives to each of the image. */
function blending(graph: GraphBuilder, axis: CropAxis): Value {
  const { side, starts, extent } = axis;
  return graph.constant(`crops_of_${side}_to_${extent}`, () => {
    const taken = starts.length * side;
    const data = new Float32Array(extent * taken);
    const weights = tileWeights(axis);
    for (const [crop, start] of starts.entries()) {
      for (const [i, weight] of (weights[crop] ?? []).entries()) data[(start + i) * taken + crop * side + i] = weight;
    }
    return { shape: [extent, taken], data };
  });
}

function reshaped(graph: GraphBuilder, x: Value, shape: readonly number[]): Value {
  return graph.node('Reshape', [x, graph.ints(shape)]);
}
