/** Small problems at the edges of tiles, lanes, mirrors and shares, on which variants are checked. */
import { CyclopsError } from '../../gpu/errors.ts';
import { mergedAxes } from '../axes.ts';
import { convForward } from '../conv2d/forward.ts';
import { convInputGrad } from '../conv2d/input-grad.ts';
import { type ConvProblem, checkProblem, type WeightGradPairProblem } from '../conv2d/problem.ts';
import { convWeightGrad } from '../conv2d/weight-grad.ts';
import { convWeightGradPair } from '../conv2d/weight-grad-pair.ts';
import { instanceNormBackward } from '../instance-norm/backward.ts';
import { instanceNormForward } from '../instance-norm/forward.ts';
import type { NormProblem } from '../instance-norm/problem.ts';
import { type MatmulProblem, matmul } from '../matmul.ts';
import { type ReduceProblem, reduce } from '../reduce.ts';
import { type ReduceAxesProblem, reduceAxes } from '../reduce-axes.ts';
import { FLOAT_DTYPES } from '../source.ts';
import type { Operation } from '../variant.ts';

/** From n images [h,w,c] to o channels, by a square kernel. */
export function convProblem(
  [n, h, w, c]: readonly [number, number, number, number],
  o: number,
  [kernel, stride, padding]: readonly [number, number, number],
  paddingMode: 'zeros' | 'reflect' = 'zeros',
): ConvProblem {
  const out = (extent: number) => Math.floor((extent + 2 * padding - kernel) / stride) + 1;
  const extents = { n, h, w, c, p: out(h), q: out(w), o, kh: kernel, kw: kernel };
  return checkProblem({ ...extents, stride, padding, paddingMode, dtype: 'f32' });
}

const f32Convs = [
  convProblem([1, 9, 7, 8], 12, [3, 1, 1]),
  convProblem([2, 5, 11, 36], 40, [3, 1, 1], 'reflect'),
  convProblem([2, 4, 4, 4], 8, [3, 1, 3], 'reflect'),
  convProblem([1, 3, 5, 8], 8, [5, 1, 2], 'reflect'),
  convProblem([1, 13, 10, 3], 20, [7, 1, 3], 'reflect'),
  convProblem([1, 12, 9, 20], 3, [7, 1, 3], 'reflect'),
  convProblem([2, 11, 8, 8], 3, [7, 1, 3]),
  convProblem([1, 11, 13, 12], 36, [3, 2, 1]),
  convProblem([2, 10, 7, 4], 16, [4, 2, 1]),
  convProblem([1, 14, 9, 3], 32, [4, 2, 1]),
  convProblem([1, 6, 7, 44], 1, [4, 1, 1]),
  convProblem([3, 7, 6, 1], 4, [4, 2, 1]),
  convProblem([1, 8, 8, 5], 7, [3, 1, 1]),
  convProblem([1, 9, 11, 6], 5, [3, 3, 2], 'reflect'),
  convProblem([2, 6, 5, 8], 16, [1, 1, 0]),
  convProblem([1, 2, 3, 68], 4, [4, 2, 1]),
  // Taps of a line as channels: zeros and mirrors around few channels of either side, and as few of both.
  convProblem([2, 6, 9, 2], 8, [5, 1, 2]),
  convProblem([1, 5, 10, 12], 4, [4, 1, 3], 'reflect'),
  convProblem([2, 9, 5, 4], 4, [3, 1, 2], 'reflect'),
  // Across the edges of tiles of 32 to 128 rows and columns, with whole vec4s and without, several images in one tile.
  convProblem([3, 7, 7, 65], 63, [3, 1, 1], 'reflect'),
  convProblem([1, 9, 15, 68], 132, [1, 1, 0]),
  convProblem([3, 5, 9, 132], 64, [2, 2, 1]),
  convProblem([1, 25, 28, 3], 129, [5, 3, 2]),
  convProblem([2, 9, 9, 129], 1, [2, 1, 1]),
  // Enough pixels to split the depth of a weight gradient on a GPU, in the middle of lines.
  convProblem([2, 13, 21, 4], 6, [3, 1, 1], 'reflect'),
  // Channels enough for Winograd's transform on a CPU; odd and even sides, whole tiles of products and not, mirrors up to the far edge.
  convProblem([2, 5, 6, 128], 132, [3, 1, 1], 'reflect'),
  convProblem([1, 4, 7, 132], 128, [3, 1, 0]),
  convProblem([1, 4, 7, 132], 128, [3, 1, 0], 'reflect'),
  convProblem([1, 3, 3, 128], 128, [3, 1, 2], 'reflect'),
  convProblem([3, 7, 6, 64], 68, [3, 1, 1]),
];

/** Fewer, since most kernels are the same text; those on matrix hardware load eights where channels allow, across taps and lines. */
const f16Convs = [
  convProblem([2, 5, 11, 36], 40, [3, 1, 1], 'reflect'),
  convProblem([1, 13, 10, 3], 20, [7, 1, 3], 'reflect'),
  convProblem([2, 11, 8, 8], 3, [7, 1, 3]),
  convProblem([1, 11, 13, 12], 36, [3, 2, 1]),
  convProblem([1, 6, 7, 44], 1, [4, 1, 1]),
  convProblem([3, 7, 7, 65], 63, [3, 1, 1], 'reflect'),
  convProblem([3, 5, 9, 132], 64, [2, 2, 1]),
  convProblem([2, 9, 11, 40], 72, [3, 1, 1], 'reflect'),
  // More than half a tile of 128 rows and columns in all three directions.
  convProblem([1, 9, 15, 72], 136, [3, 1, 1], 'reflect'),
  // Two images of rectangles that end in the middle of one, in both directions.
  convProblem([2, 7, 19, 72], 80, [3, 1, 1]),
  convProblem([1, 6, 70, 16], 136, [4, 2, 1]),
].map((problem): ConvProblem => ({ ...problem, dtype: 'f16' }));

/** Fewer still, since these kernels are those on matrix hardware, with and without whole eights of either kind of channels. */
const splitConvs = [
  convProblem([1, 13, 10, 3], 24, [7, 1, 3], 'reflect'),
  convProblem([3, 7, 7, 65], 63, [3, 1, 1], 'reflect'),
  convProblem([2, 9, 11, 40], 12, [3, 1, 1]),
  convProblem([1, 6, 70, 16], 136, [4, 2, 1]),
].map((problem): ConvProblem => ({ ...problem, split: true }));

/** Convolutions in f32, fewer in f16, and some in f32 whose products may be split. */
export const oddConvs: readonly ConvProblem[] = [...f32Convs, ...f16Convs, ...splitConvs];

/** Most variants do what they do for one batch, twice; so a few of these, and all that can be joined, each with another number of images before. */
export const oddPairs: readonly WeightGradPairProblem[] = oddConvs
  .filter(({ c, o, split }, i) => !split && (i % 5 === 0 || Math.min(c, o) >= 128))
  .map((k) => ({ ...k, earlier: 3 - Math.min(2, k.n) }));

/**
 * Images, pixels and channels: a single pixel; shares that do not divide the pixels, of few channels and of more than 32; planes on both
 * sides of what registers hold and of what a core walks alone.
 */
export const oddNormShapes = [
  [1, 1, 4],
  [1, 3, 4],
  [2, 77, 12],
  [2, 1100, 36],
  [3, 513, 8],
  [1, 300, 260],
  [1, 1024, 8],
  [3, 1025, 4],
  [1, 4096, 4],
  [2, 15, 5],
  [1, 4, 1],
] as const;

const norms = oddNormShapes.flatMap(([n, pixels, channels]) =>
  FLOAT_DTYPES.map((dtype): NormProblem => ({ n, pixels, channels, dtype })),
);

/** The tail of a vec4, one workgroup, several, and more elements than all workgroups of a launch visit in one stride. */
export const oddCounts = [1, 3, 4, 257, 2051, 40_003, 600_001];

const sums = oddCounts.flatMap((count) => FLOAT_DTYPES.map((dtype): ReduceProblem => ({ count, dtype })));

/** All axes of a space, and those of the result, of a and of b in it. */
type Space = readonly [all: number[], kept: number[], a: number[], b: number[]];

export function axesIn([all, ...held]: Space) {
  const has = held.map((shape) => shape.map((extent, axis) => extent === all[axis]));
  const { extents, masks } = mergedAxes(all, has);
  const [kept = 0, ofA = 0, ofB = 0] = masks;
  return { extents, kept, ofA, ofB };
}

/** Rows, columns, both, more than a workgroup visits, and as many axes as there may be. */
export const oddSpaces: readonly Space[] = [
  [[1], [1], [1], [1]],
  [
    [67, 3],
    [1, 3],
    [67, 3],
    [1, 3],
  ],
  [
    [3, 67],
    [3, 1],
    [3, 67],
    [3, 1],
  ],
  [
    [65, 2, 33],
    [1, 2, 1],
    [65, 2, 33],
    [65, 1, 33],
  ],
  [
    [9001, 5],
    [1, 5],
    [9001, 5],
    [9001, 1],
  ],
  [
    [2, 3, 4, 3, 2, 5],
    [2, 1, 4, 1, 2, 1],
    [2, 3, 4, 3, 2, 5],
    [1, 3, 1, 3, 1, 5],
  ],
  [
    [70, 70, 1],
    [70, 1, 1],
    [70, 70, 1],
    [1, 70, 1],
  ],
];

const axes = oddSpaces.flatMap((space) =>
  FLOAT_DTYPES.map((dtype): ReduceAxesProblem => ({ ...axesIn(space), dtype })),
);

/** Batch axes of products, likewise. */
export const oddBatches: readonly Space[] = [
  [[1], [1], [1], [1]],
  [[3], [3], [3], [1]],
  [
    [2, 3, 2],
    [2, 1, 2],
    [2, 3, 1],
    [1, 3, 2],
  ],
];

/** Rows, depth and columns. */
export const oddMatrices = [
  [1, 1, 1],
  [33, 7, 5],
  [5, 65, 34],
  [32, 8, 64],
] as const;

/** Whether a and b lie transposed, and of which type they are. */
export const oddLayouts = [
  { transposeA: false, transposeB: false, dtype: 'f32' },
  { transposeA: true, transposeB: false, dtype: 'f32' },
  { transposeA: false, transposeB: true, dtype: 'f32' },
  { transposeA: true, transposeB: true, dtype: 'f16' },
] as const;

const products = oddBatches.flatMap((batch) =>
  oddMatrices.flatMap(([rows, depth, columns]) =>
    oddLayouts.map((layout): MatmulProblem => ({ ...axesIn(batch), rows, depth, columns, ...layout })),
  ),
);

/** An operation's odd problems, and its name. */
type Entry = readonly [name: string, problems: readonly unknown[]];

function entry<Problem, Args>({ name }: Operation<Problem, Args>, problems: readonly Problem[]): Entry {
  return [name, problems];
}

const all = new Map<string, readonly unknown[]>([
  entry(convForward, oddConvs),
  entry(convInputGrad, oddConvs),
  entry(convWeightGrad, oddConvs),
  entry(convWeightGradPair, oddPairs),
  entry(instanceNormForward, norms),
  entry(instanceNormBackward, norms),
  entry(matmul, products),
  entry(reduce, sums),
  entry(reduceAxes, axes),
]);

/** @throws CyclopsError for an operation that is none of the engine's */
export function oddProblemsOf<Problem, Args>({ name }: Operation<Problem, Args>): readonly Problem[] {
  const found = all.get(name);
  if (!found)
    throw new CyclopsError(`The operation ${name} is none of the engine's, which has no problems to check it on.`);
  // By its name it is the operation that they were listed for.
  return found as readonly Problem[];
}
