import { smallerSize } from '../../anomaly/maps/judged-pixels.ts';
import type { JudgedSizes } from '../../cyclegan/config.ts';
import { bicubicTable, WEIGHT_ONE } from '../../kernels/images/image.ts';
import { withCropLogits } from './crop-logits.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { Volume } from './layers.ts';

/**
 * The twin of `judgedPixels`: images and maps are resized by two products with matrices.
 *
 * @param judge the logits [M, 1, h, w] of images [M, C, h, w] @param whole those of the images @returns [N, 1, H, W]
 */
export function judgedPixels(
  graph: GraphBuilder,
  judge: (images: Volume) => Volume,
  whole: Volume,
  x: Volume,
  { crop, share }: JudgedSizes,
): Volume {
  const seen = (logits: Volume, image: Volume) =>
    crop === null ? logits : graph.within('in_crops', () => withCropLogits(graph, judge, logits, image, crop));
  const size = smallerSize(x, share);
  if (!size) return seen(whole, x);
  // Bicubic values may lie beyond those around them.
  const clip = (value: Value) => graph.node('Clip', [value, graph.number(-1, 'f32'), graph.number(1, 'f32')]);
  const small = resized(graph, x, size, clip);
  const ofSmall = graph.within('smaller', () => seen(judge(small), small));
  const sum = graph.node('Add', [seen(whole, x).value, resized(graph, ofSmall, x).value]);
  return { ...whole, value: graph.node('Mul', [sum, graph.number(0.5, 'f32')]) };
}

/** @param brought what is done with the values of each of the two passes */
function resized(
  graph: GraphBuilder,
  x: Volume,
  { height, width }: Pick<Volume, 'height' | 'width'>,
  brought: (value: Value) => Value = (value) => value,
): Volume {
  const across = graph.node('Transpose', [resizing(graph, x.width, width)], { perm: { ints: [1, 0] } });
  const wide = brought(graph.node('MatMul', [x.value, across]));
  const value = brought(graph.node('MatMul', [resizing(graph, x.height, height), wide]));
  return { ...x, height, width, value };
}

/** f32 [outLength, length]: what each sample gives to each of the resized line. */
function resizing(graph: GraphBuilder, length: number, outLength: number): Value {
  return graph.constant(`resize_${length}_to_${outLength}`, () => {
    const { taps, values } = bicubicTable(length, outLength);
    const data = new Float32Array(outLength * length);
    for (let o = 0; o < outLength; o++) {
      const [first = 0, count = 0, ...weights] = values.subarray(o * (taps + 2), (o + 1) * (taps + 2));
      for (let t = 0; t < count; t++) data[o * length + first + t] = (weights[t] ?? 0) / WEIGHT_ONE;
    }
    return { shape: [outLength, length], data };
  });
}
