/**
 * The engine: tensors, autograd, layers and optimisers on WebGPU. Kernels, and how one of several is chosen, are in the entry
 * `cyclops-vision/kernels` (src/kernels.ts).
 */

// The device: where tensors live. A step of static shapes can be captured once and replayed.

export type { Capture } from './gpu/capture.ts';
export { type CaptureOptions, Device, type DeviceOptions, type Limits, WANTED_LIMITS } from './gpu/device.ts';
export {
  type Capability,
  CyclopsError,
  DeviceLostError,
  DeviceUnavailableError,
  NoAdapterError,
  OutOfMemoryError,
  UnsupportedError,
} from './gpu/errors.ts';
export type { AdapterInfo, MatrixConfig } from './gpu/host/adapter.ts';

// Tensors [N,H,W,C], and scopes that free what was made in them.

export type { RandomSource } from './kernels/random.ts';
export { cast } from './tensor/cast.ts';
export { print } from './tensor/print.ts';
export { type NormalOptions, randomNormal, randomUniform, type UniformOptions } from './tensor/random.ts';
export type { Before, GradNode, PutOff, Unsettled, Walk } from './tensor/record.ts';
export { type Disposable, keep, type Scoped, scope } from './tensor/scope.ts';
export { sliceBatch } from './tensor/slice.ts';
export type { Storage } from './tensor/storage.ts';
export { type DType, type HostArrays, Tensor } from './tensor/tensor.ts';

// Gradients: operations on tensors note what they did, and `backward` goes back over the notes.

export { type GradcheckOptions, gradcheck } from './autograd/gradcheck.ts';
export { splitProducts } from './autograd/split-products.ts';
export { backward, detach, noGrad } from './autograd/tape.ts';

// Losses, and the similarity of images.

export { bceWithLogits } from './autograd/losses/bce-with-logits.ts';
export { l1Loss } from './autograd/losses/l1-loss.ts';
export { mseLoss } from './autograd/losses/mse-loss.ts';
export type { LossTarget } from './autograd/reduction.ts';
export { ssim } from './autograd/ssim.ts';

// Differentiable operations.

export { gelu } from './autograd/activations/gelu.ts';
export { leakyRelu } from './autograd/activations/leaky-relu.ts';
export { relu } from './autograd/activations/relu.ts';
export { sigmoid } from './autograd/activations/sigmoid.ts';
export { silu } from './autograd/activations/silu.ts';
export { tanh } from './autograd/activations/tanh.ts';
export { adaptiveAvgPool2d } from './autograd/adaptive-avg-pool2d.ts';
export { add } from './autograd/add.ts';
export { type AvgPool2dOptions, avgPool2d } from './autograd/avg-pool2d.ts';
export type { AxesOptions } from './autograd/axis-reduction.ts';
export { type BatchNormOptions, batchNorm } from './autograd/batch-norm.ts';
export { concat } from './autograd/concat.ts';
export { concatBatch } from './autograd/concat-batch.ts';
export type { OutputPadding, SlidingOptions } from './autograd/conv-options.ts';
export { type ConvTranspose2dOptions, convTranspose2d } from './autograd/conv-transpose2d.ts';
export { type Conv2dOptions, conv2d } from './autograd/conv2d.ts';
export { div } from './autograd/div.ts';
export { hottestMean } from './autograd/hottest-mean.ts';
export { type InstanceNormOptions, instanceNorm } from './autograd/instance-norm.ts';
export { linear } from './autograd/linear.ts';
export { matmul } from './autograd/matmul.ts';
export { max } from './autograd/max.ts';
export { type MaxPool2dOptions, maxPool2d } from './autograd/max-pool2d.ts';
export { mean } from './autograd/mean.ts';
export { mul } from './autograd/mul.ts';
export { type PadMode, pad } from './autograd/pad.ts';
export type { PoolOptions } from './autograd/pool-options.ts';
export { reflectionPad2d } from './autograd/reflection-pad2d.ts';
export { scale } from './autograd/scale.ts';
export { slice } from './autograd/slice.ts';
export type { Ends, RowsColumns, Sides } from './autograd/sliding.ts';
export { softmax } from './autograd/softmax.ts';
export { split } from './autograd/split.ts';
export { splitBatch } from './autograd/split-batch.ts';
export { sub } from './autograd/sub.ts';
export { sum } from './autograd/sum.ts';

// Layers, with the reference's names in their state dicts.

export { BatchNorm2d, type BatchNorm2dOptions } from './layers/batch-norm2d.ts';
export { ConvTranspose2d, type ConvTranspose2dLayerOptions } from './layers/conv-transpose2d.ts';
export { Conv2d, type Conv2dLayerOptions } from './layers/conv2d.ts';
export { type Initialiser, normalInitialiser } from './layers/init.ts';
export { InstanceNorm2d, type InstanceNorm2dOptions } from './layers/instance-norm2d.ts';
export type { StateTensor } from './layers/layout.ts';
export { Linear, type LinearOptions } from './layers/linear.ts';
export { Module, type StateDict } from './layers/module.ts';
export { Sequential } from './layers/sequential.ts';

// Optimisers.

export { Adam, type AdamOptions, type AdamState } from './optim/adam.ts';
export { AdamW, type AdamWOptions } from './optim/adam-w.ts';
export { LossScaler, type LossScalerState } from './optim/loss-scaler.ts';
export { Optimiser, type OptimiserOptions, type ParameterSlot } from './optim/optimiser.ts';
export { SGD, type SGDOptions, type SGDState } from './optim/sgd.ts';

// The file format of weights.

export type { FloatElement } from './data/files/elements.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsData,
  type SafetensorsFile,
  type StoredTensor,
  type TensorInput,
} from './data/files/safetensors.ts';
