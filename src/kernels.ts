/**
 * The entry `cyclops-vision/kernels`: for who writes kernels, chooses between them, or looks at how the engine computes. docs/kernels.md tells
 * how these things belong together. Tensors, layers and the device itself are in the entry `cyclops-vision` (src/index.ts).
 */

// Launches: a kernel, the buffers that it is bound to, and what a profiler needs to judge it.

export type { DeviceBuffer } from './gpu/buffer.ts';
export {
  type BufferSlice,
  ceilDiv,
  f32,
  immediates,
  type Kernel,
  type Launch,
  type Layer,
  type SourceLine,
} from './gpu/launch.ts';
export type { BufferPool, PoolUse } from './gpu/pool.ts';
export type { TimedLaunch } from './gpu/profiler.ts';
export type { Trace } from './gpu/trace.ts';
export type { Variable, Variables } from './gpu/variables.ts';
export { flatGrid } from './kernels/flat-grid.ts';
export { type SumPartsArguments, sumParts, withParts, withTemporary } from './kernels/sum-parts.ts';

// The text of a kernel.

export { type KernelText, kernelSource } from './kernels/kernel-source.ts';
export {
  type FileUrl,
  FLOAT_DTYPES,
  type FloatDType,
  type KernelSource,
  kernel,
  type NamedText,
  type Specialisation,
} from './kernels/source.ts';

// Operations that can be computed in several ways: what a variant needs of the problem, and the arguments of each.

export { ACTIVATION_CODES, type Activation, type ActivationKind, LEAKY_SLOPE } from './kernels/activation.ts';
export type {
  ForwardArguments,
  ImagesAndGradient,
  InputGradArguments,
  WeightGradArguments,
  WeightGradPairArguments,
} from './kernels/conv2d/arguments.ts';
export { convForward } from './kernels/conv2d/forward.ts';
export { convInputGrad } from './kernels/conv2d/input-grad.ts';
export {
  type ConvProblem,
  convBytes,
  convFlops,
  convImmediates,
  type WeightGradPairProblem,
} from './kernels/conv2d/problem.ts';
export { convWeightGrad } from './kernels/conv2d/weight-grad.ts';
export { convWeightGradPair } from './kernels/conv2d/weight-grad-pair.ts';
export { instanceNormBackward, type NormBackwardArguments } from './kernels/instance-norm/backward.ts';
export { instanceNormForward, type NormForwardArguments } from './kernels/instance-norm/forward.ts';
export {
  type NormOptions,
  type NormProblem,
  normBytes,
  normImmediates,
  normSize,
} from './kernels/instance-norm/problem.ts';
export { type MatmulArguments, type MatmulProblem, matmul } from './kernels/matmul.ts';
export { type Against, type ReduceArguments, type ReduceProblem, reduce, type Term } from './kernels/reduce.ts';
export {
  type AxesTerm,
  type ReduceAxesArguments,
  type ReduceAxesProblem,
  reduceAxes,
} from './kernels/reduce-axes.ts';
export { operationNamed, operations } from './kernels/tuning/operations.ts';

// Variants: how an operation is described, how one is added, and which of them can do a problem.

export {
  type ExampleBuffers,
  type Operation,
  type OperationInfo,
  register,
  supportedVariants,
  type Variant,
  type VariantInfo,
  variantNamed,
} from './kernels/variant.ts';

// Choosing: the fastest by measuring, one by name, or those of an earlier process. `run` computes a problem by the chosen one.

export type { CachedChoice, ChoiceCache } from './kernels/tuning/choice-cache.ts';
export { choose, exportChoices, forceVariants, importChoices, run } from './kernels/tuning/choices.ts';
export { type TunedProblem, type TuneOptions, type Tuning, tune } from './kernels/tuning/tune.ts';

// Measuring: variants on one problem, and what the device can do at most.

export { type Ceilings, leastSeconds, type MatrixRate, measureCeilings } from './kernels/ceilings.ts';
export { deviceMilliseconds } from './kernels/timing.ts';
export { checkVariant, type VariantCheck } from './kernels/tuning/check-variant.ts';
export { type Measurement, measure } from './kernels/tuning/measure.ts';
