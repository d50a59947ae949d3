import type { TrainingConfig } from '../../cyclegan/config.ts';
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { cutToMultiple } from '../../data/images/bank.ts';
import { CONTRAST_BOXES, CONTRAST_FLAT, CONTRAST_LIMIT, CONTRAST_PARTS } from '../../data/images/local-contrast.ts';
import { MIRROR_PARTS, PLANE_PARTS, type Planes } from '../../data/images/planes.ts';
import { WEIGHT_ONE } from '../../kernels/images/image.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { type WindowAxis, windowMeans } from './windows.ts';

type Preprocessing = Pick<TrainingConfig, 'loadSize' | 'localContrast' | 'planes' | 'range'>;

/**
 * What happens to images before the networks see them, with the same bytes as in this program: samples of any height and width to levels,
 * local contrast where the model was trained with it, bicubic to the model's size, borders cut to a multiple of 4, −1 to 1.
 *
 * Whole numbers below 2^53 are exact in f64, and so are their products and sums: the resize, which rounds to whole bytes, gives the bytes of
 * the kernel in whatever order a runtime adds.
 *
 * @param image u8 [N, H, W, C], or f32 where a range of values was chosen @returns f32 [N, C, size, size]
 */
export function preprocess(
  graph: GraphBuilder,
  image: Value,
  { loadSize, localContrast, planes, range }: Preprocessing,
): Value {
  const isBytes = range === 'full';
  const [height, width] = [1, 2].map((axis) => extentOf(graph, image, axis)) as [Value, Value];
  const samples = graph.cast(graph.node('Transpose', [image], { perm: { ints: [0, 3, 1, 2] } }), 'f64');
  let levels = isBytes ? samples : graph.within('range', () => levelsOf(graph, samples, range));
  const extents = { height, width, isBytes };
  if (localContrast) levels = evenedOut(graph, levels, CONTRAST_PARTS, extents);
  if (planes) levels = asPlanes(graph, levels, planes, extents);
  const round = (sums: Value) => (isBytes ? wholeBytes(graph, sums) : clamped(graph, sums));
  const across = graph.within('resize_across', () => {
    const weights = bicubicWeights(graph, width, loadSize);
    return round(graph.node('MatMul', [levels, graph.node('Transpose', [weights], { perm: { ints: [1, 0] } })]));
  });
  const resized = graph.within('resize_down', () =>
    round(graph.node('MatMul', [bicubicWeights(graph, height, loadSize), across])),
  );
  const cut = cutToMultiple({ width: loadSize, height: loadSize }, SIDE_MULTIPLE);
  const whole =
    cut.width === loadSize
      ? resized
      : graph.node('Slice', [
          resized,
          graph.ints([cut.y, cut.x]),
          graph.ints([cut.y + cut.height, cut.x + cut.width]),
          graph.ints([2, 3]),
        ]);
  const doubled = graph.node('Mul', [graph.cast(whole, 'f32'), graph.number(2, 'f32')]);
  const centred = graph.node('Sub', [doubled, graph.number(255, 'f32')]);
  return graph.node('Div', [centred, graph.number(255, 'f32')]);
}

/** i64 [] */
function extentOf(graph: GraphBuilder, image: Value, axis: number): Value {
  return graph.node('Gather', [graph.node('Shape', [image]), graph.int(axis)]);
}

/** 255 · (v − min) / (max − min), clamped, as f64 that f32 holds. */
function levelsOf(graph: GraphBuilder, samples: Value, { min, max }: { min: number; max: number }): Value {
  const above = graph.node('Sub', [samples, graph.number(min)]);
  const scaled = graph.node('Div', [graph.node('Mul', [graph.number(255), above]), graph.number(max - min)]);
  return asF32(graph, between(graph, scaled, 0, 255));
}

/** As f32 holds it, in f64. */
function asF32(graph: GraphBuilder, x: Value): Value {
  return graph.cast(graph.cast(x, 'f32'), 'f64');
}

function between(graph: GraphBuilder, x: Value, least: number, most: number): Value {
  return graph.node('Min', [graph.node('Max', [x, graph.number(least)]), graph.number(most)]);
}

/** Half of one added, rounded down to whole levels, clamped: what the kernel's shift of integers does. */
function wholeBytes(graph: GraphBuilder, sums: Value): Value {
  const raised = graph.node('Add', [sums, graph.number(WEIGHT_ONE / 2)]);
  return between(graph, graph.node('Floor', [graph.node('Div', [raised, graph.number(WEIGHT_ONE)])]), 0, 255);
}

function clamped(graph: GraphBuilder, sums: Value): Value {
  return asF32(graph, between(graph, graph.node('Div', [sums, graph.number(WEIGHT_ONE)]), 0, 255));
}

interface Extents {
  /** i64 [] */
  readonly height: Value;
  readonly width: Value;
  readonly isBytes: boolean;
}

/** The twin of `localContrast`. @param levels f64 [N, C, H, W] */
function evenedOut(graph: GraphBuilder, levels: Value, parts: number, extents: Extents): Value {
  return graph.within(`local_contrast_${parts}`, () => {
    const { excess, variances } = contrastOver(graph, levels, parts, extents);
    return inDeviations(graph, excess, variances, extents);
  });
}

/** The twin of the function of this name. @param levels f64 [N, 1, H, W] @returns f64 [N, 3, H, W] */
function asPlanes(graph: GraphBuilder, levels: Value, planes: Planes, extents: Extents): Value {
  const shown = planes.map((plane) =>
    plane === 'mirror'
      ? lessItsMirrorImage(graph, levels, extents)
      : evenedOut(graph, levels, PLANE_PARTS[plane], extents),
  );
  return graph.node('Concat', shown, { axis: { int: 1 } });
}

function lessItsMirrorImage(graph: GraphBuilder, levels: Value, extents: Extents): Value {
  return graph.within('mirror', () => {
    const means = meansOver(graph, levels, MIRROR_PARTS, extents);
    const least = graph.ints([Number.MIN_SAFE_INTEGER]);
    const mirrored = graph.node('Slice', [means, graph.ints([-1]), least, graph.ints([3]), graph.ints([-1])]);
    const difference = asF32(graph, graph.node('Sub', [means, mirrored]));
    return inDeviations(graph, difference, contrastOver(graph, levels, PLANE_PARTS.whole, extents).variances, extents);
  });
}

function contrastOver(
  graph: GraphBuilder,
  levels: Value,
  parts: number,
  extents: Extents,
): { excess: Value; variances: Value } {
  const excess = asF32(graph, graph.node('Sub', [levels, meansOver(graph, levels, parts, extents)]));
  const squares = asF32(graph, graph.node('Mul', [excess, excess]));
  return { excess, variances: meansOver(graph, squares, parts, extents) };
}

function inDeviations(graph: GraphBuilder, values: Value, variances: Value, { isBytes }: Extents): Value {
  const deviation = graph.node('Sqrt', [graph.node('Max', [variances, graph.number(0)])]);
  const deviations = graph.node('Div', [values, graph.node('Max', [deviation, graph.number(CONTRAST_FLAT)])]);
  const share = between(graph, graph.node('Div', [deviations, graph.number(CONTRAST_LIMIT)]), -1, 1);
  const level = graph.node('Mul', [graph.number(127.5), graph.node('Add', [share, graph.number(1)])]);
  return isBytes ? graph.node('Floor', [graph.node('Add', [level, graph.number(0.5)])]) : asF32(graph, level);
}

function meansOver(graph: GraphBuilder, values: Value, parts: number, { height, width }: Extents): Value {
  // Half of a part is added, and the division of whole numbers rounds down.
  const twice = graph.node('Mul', [graph.node('Min', [height, width]), graph.int(2)]);
  const rounded = graph.node('Div', [graph.node('Add', [twice, graph.int(parts)]), graph.int(2 * parts)]);
  const radius = graph.node('Max', [rounded, graph.int(1)]);
  const axes = [mirroredAxis(graph, 3, width, radius), mirroredAxis(graph, 2, height, radius)];
  let means = values;
  for (let box = 0; box < CONTRAST_BOXES; box++)
    for (const axis of axes) means = asF32(graph, windowMeans(graph, means, axis));
  return means;
}

/** Ends are mirrored with the edge repeated: … 1 0 | 0 1 … n−1 | n−1 n−2 … */
function mirroredAxis(graph: GraphBuilder, axis: 2 | 3, length: Value, radius: Value): WindowAxis {
  const one = graph.int(1);
  const first = graph.node('Sub', [graph.node('Neg', [radius]), one]);
  const places = graph.node('Range', [first, graph.node('Add', [length, radius]), one]);
  const period = graph.node('Mul', [length, graph.int(2)]);
  const round = graph.node('Mod', [places, period]);
  const back = graph.node('Sub', [graph.node('Sub', [period, one]), round]);
  const extent = graph.node('Add', [graph.node('Mul', [radius, graph.int(2)]), one]);
  const asList = (value: Value) => graph.node('Unsqueeze', [value, graph.ints([0])]);
  return { axis, places: graph.node('Min', [round, back]), length: asList(length), extent: asList(extent) };
}

/**
 * The weights of `bicubicTable` as a matrix, for a length that is known when an image comes.
 *
 * @param length i64 [] @returns f64 [outLength, length], whole numbers
 */
function bicubicWeights(graph: GraphBuilder, length: Value, outLength: number): Value {
  const n = (value: number) => graph.number(value);
  const op = (type: string, ...inputs: Value[]) => graph.node(type, inputs);
  const extent = graph.cast(length, 'f64');
  const ratio = op('Div', extent, n(outLength));
  const stretch = op('Max', ratio, n(1));
  const middles = graph.constant(`middles_${outLength}`, () => ({
    shape: [outLength, 1],
    data: Float64Array.from({ length: outLength }, (_, o) => o + 0.5),
  }));
  const center = op('Mul', middles, ratio);
  const reach = op('Mul', stretch, n(2));
  const first = op('Max', op('Floor', op('Add', op('Sub', center, reach), n(0.5))), n(0));
  const end = op('Min', op('Floor', op('Add', op('Add', center, reach), n(0.5))), extent);
  const places = graph.cast(op('Range', graph.int(0), length, graph.int(1)), 'f64');
  const distance = op('Abs', op('Div', op('Sub', op('Add', places, n(0.5)), center), stretch));
  const isCounted = op('And', op('Not', op('Less', places, first)), op('Less', places, end));
  const weights = op('Where', isCounted, keys(graph, distance), n(0));
  const total = graph.node('ReduceSum', [weights, graph.ints([1])]);
  const units = op('Mul', op('Div', weights, total), n(WEIGHT_ONE));
  // Half away from zero.
  return op('Mul', op('Sign', units), op('Floor', op('Add', op('Abs', units), n(0.5))));
}

/** Keys' cubic convolution with a = −1/2. @param x f64, from 0 on */
function keys(graph: GraphBuilder, x: Value): Value {
  const n = (value: number) => graph.number(value);
  const op = (type: string, ...inputs: Value[]) => graph.node(type, inputs);
  const near = op('Add', op('Mul', op('Mul', op('Sub', op('Mul', n(1.5), x), n(2.5)), x), x), n(1));
  const slope = op('Sub', op('Mul', op('Add', op('Mul', n(-0.5), x), n(2.5)), x), n(4));
  const far = op('Add', op('Mul', slope, x), n(2));
  return op('Where', op('Less', x, n(1)), near, op('Where', op('Less', x, n(2)), far, n(0)));
}
