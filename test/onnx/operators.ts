/** ONNX's operators in this engine's words. Images are NCHW there; they are turned on the host. */

import { leakyRelu } from '../../src/autograd/activations/leaky-relu.ts';
import { relu } from '../../src/autograd/activations/relu.ts';
import { sigmoid } from '../../src/autograd/activations/sigmoid.ts';
import { tanh } from '../../src/autograd/activations/tanh.ts';
import { adaptiveAvgPool2d } from '../../src/autograd/adaptive-avg-pool2d.ts';
import { add } from '../../src/autograd/add.ts';
import { avgPool2d } from '../../src/autograd/avg-pool2d.ts';
import { batchNorm } from '../../src/autograd/batch-norm.ts';
import { concat } from '../../src/autograd/concat.ts';
import { convTranspose2d } from '../../src/autograd/conv-transpose2d.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { div } from '../../src/autograd/div.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { linear } from '../../src/autograd/linear.ts';
import { matmul } from '../../src/autograd/matmul.ts';
import { max } from '../../src/autograd/max.ts';
import { maxPool2d } from '../../src/autograd/max-pool2d.ts';
import { mean } from '../../src/autograd/mean.ts';
import { mul } from '../../src/autograd/mul.ts';
import { pad } from '../../src/autograd/pad.ts';
import { scale } from '../../src/autograd/scale.ts';
import { slice } from '../../src/autograd/slice.ts';
import { softmax } from '../../src/autograd/softmax.ts';
import { split } from '../../src/autograd/split.ts';
import { sub } from '../../src/autograd/sub.ts';
import { sum } from '../../src/autograd/sum.ts';
import type { Device } from '../../src/gpu/device.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { Attribute, Node, Values } from './protobuf.ts';

/** What the engine has no words for, and why. */
export class CannotSay extends Error {}

/** A node with what it is given. */
export interface Call {
  readonly device: Device;
  readonly node: Node;
  readonly opset: number;
  readonly inputs: readonly (Values | undefined)[];
}

type Operator = (call: Call) => Promise<Values[]>;

const sizeOf = (shape: readonly number[]) => shape.reduce((count, extent) => count * extent, 1);

function cannot(why: string): never {
  throw new CannotSay(why);
}

/** An input as a tensor of the engine. */
function tensorOf({ device, inputs }: Call, i: number): Tensor {
  const values = inputs[i] ?? cannot('an input that is missing');
  if (values.type !== 'f32') cannot(`tensors of ${values.type}`);
  if (values.shape.some((extent) => extent === 0)) cannot('tensors without elements');
  return Tensor.from(device, values.data, values.shape.length === 0 ? [1] : values.shape);
}

async function valuesOf(tensor: Tensor, shape: readonly number[] = tensor.shape): Promise<Values> {
  return { type: 'f32', shape, data: [...(await tensor.data())] };
}

/** Axis i of the result is axis `axes[i]` of the values. */
function permuted({ type, shape, data }: Values, axes: readonly number[]): Values {
  const out = axes.map((axis) => shape[axis]!);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const turned = Array.from({ length: data.length }, (_, i) => {
    let rest = i;
    let place = 0;
    for (let axis = out.length - 1; axis >= 0; axis--) {
      place += (rest % out[axis]!) * strides[axes[axis]!]!;
      rest = Math.floor(rest / out[axis]!);
    }
    return data[place]!;
  });
  return { type, shape: out, data: turned };
}

/** [N,C,L] or [N,C,H,W] as an image [N,H,W,C]. */
function imageOf(call: Call, i: number): Tensor {
  const values = call.inputs[i] ?? cannot('an input that is missing');
  const { shape } = values;
  if (shape.length === 5) cannot('volumes: three axes of pixels');
  if (shape.length !== 3 && shape.length !== 4) cannot(`images of ${shape.length} axes`);
  const flat = shape.length === 3 ? { ...values, shape: [shape[0]!, shape[1]!, 1, shape[2]!] } : values;
  return tensorOf({ ...call, inputs: [permuted(flat, [0, 2, 3, 1])] }, 0);
}

/** An image as [N,C,H,W], or as [N,C,L] where that came. */
async function pixelsOf(image: Tensor, like: Values | undefined): Promise<Values> {
  const values = permuted(await valuesOf(image), [0, 3, 1, 2]);
  return like?.shape.length === 3 ? { ...values, shape: values.shape.filter((_, axis) => axis !== 2) } : values;
}

const integer = ({ node }: Call, name: string, missing: number) => node.attributes.get(name)?.integer ?? missing;
const float = ({ node }: Call, name: string, missing: number) => node.attributes.get(name)?.float ?? missing;
const attribute = ({ node }: Call, name: string): Attribute | undefined => node.attributes.get(name);

/** Of rows and columns; one axis of pixels has one row. */
function pairOf(call: Call, name: string, rank: number): [number, number] {
  const given = attribute(call, name)?.integers ?? [];
  return rank === 3 ? [1, given[0] ?? 1] : [given[0] ?? 1, given[1] ?? 1];
}

/** How the operator slides over its first input, with its automatic padding made plain. */
function slidingOf(call: Call, kernel: readonly [number, number], transposed = false) {
  const { shape } = call.inputs[0] ?? cannot('an input that is missing');
  const rank = shape.length;
  const stride = pairOf(call, 'strides', rank);
  const dilation = pairOf(call, 'dilations', rank);
  const given = attribute(call, 'pads')?.integers ?? [];
  const half = given.length / 2;
  const ends =
    rank === 3
      ? [
          [0, 0],
          [given[0] ?? 0, given[half] ?? 0],
        ]
      : [0, 1].map((a) => [given[a] ?? 0, given[half + a] ?? 0]);
  let [rows, columns] = ends as [[number, number], [number, number]];
  const automatic = attribute(call, 'auto_pad')?.text ?? 'NOTSET';
  if (automatic.startsWith('SAME')) {
    const extents = rank === 3 ? [1, shape[2]!] : [shape[2]!, shape[3]!];
    [rows, columns] = [0, 1].map((axis): [number, number] => {
      const [extent, by, taps] = [extents[axis]!, stride[axis]!, dilation[axis]! * (kernel[axis]! - 1) + 1];
      const all = transposed ? Math.max(0, taps - by) : Math.max(0, (Math.ceil(extent / by) - 1) * by + taps - extent);
      const less = Math.floor(all / 2);
      return automatic === 'SAME_UPPER' ? [less, all - less] : [all - less, less];
    }) as [[number, number], [number, number]];
  }
  return { stride, dilation, padding: [rows, columns] as const };
}

/** A weight [a, b, KH, KW] as the engine has it, [KH, KW, b, a]. */
function weightOf(call: Call, i: number): Tensor {
  const values = call.inputs[i] ?? cannot('an input that is missing');
  const { shape } = values;
  const flat = shape.length === 3 ? { ...values, shape: [shape[0]!, shape[1]!, 1, shape[2]!] } : values;
  if (flat.shape.length !== 4) cannot('volumes: three axes of pixels');
  return tensorOf({ ...call, inputs: [permuted(flat, [2, 3, 1, 0])] }, 0);
}

const elementwise =
  (run: (a: Tensor, b: Tensor) => Tensor): Operator =>
  async (call) => [await valuesOf(run(tensorOf(call, 0), tensorOf(call, 1)))];

const activation =
  (run: (x: Tensor, call: Call) => Tensor): Operator =>
  async (call) => [await valuesOf(run(tensorOf(call, 0), call))];

const reduction =
  (run: typeof sum): Operator =>
  async (call) => {
    const axes = call.inputs[1]?.data ?? attribute(call, 'axes')?.integers ?? [];
    const x = tensorOf(call, 0);
    // Without axes all are meant, or none.
    const every = integer(call, 'noop_with_empty_axes', 0) === 1 ? [] : [...x.shape.keys()];
    return [
      await valuesOf(run(x, { axes: axes.length > 0 ? axes : every, keepdim: integer(call, 'keepdims', 1) === 1 })),
    ];
  };

const pooling =
  (
    run: (
      x: Tensor,
      kernel: [number, number],
      options: ReturnType<typeof slidingOf> & { ceilMode: boolean },
      call: Call,
    ) => Tensor,
  ): Operator =>
  async (call) => {
    if (call.node.outputs.length > 1) cannot('indices of what a pooling chose');
    const [x] = call.inputs;
    const image = imageOf(call, 0);
    const kernel = pairOf(call, 'kernel_shape', x?.shape.length ?? 4);
    const options = { ...slidingOf(call, kernel), ceilMode: integer(call, 'ceil_mode', 0) === 1 };
    return [await pixelsOf(run(image, kernel, options, call), x)];
  };

export const OPERATORS: Readonly<Record<string, Operator>> = {
  Add: elementwise(add),
  Sub: elementwise(sub),
  Mul: elementwise(mul),
  Div: elementwise(div),
  Relu: activation((x) => relu(x)),
  Sigmoid: activation((x) => sigmoid(x)),
  Tanh: activation((x) => tanh(x)),
  LeakyRelu: activation((x, call) => leakyRelu(x, float(call, 'alpha', 0.01))),
  Softmax: activation((x, call) => {
    const axis = integer(call, 'axis', call.opset < 13 ? 1 : -1);
    if (call.opset >= 13) return softmax(x, axis);
    // Before, all axes from this one on were one.
    const at = axis < 0 ? axis + x.shape.length : axis;
    const rows = sizeOf(x.shape.slice(0, at));
    return softmax(x.reshape([rows, x.size / rows]), 1).reshape(x.shape);
  }),
  ReduceSum: reduction(sum),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(max),
  MatMul: elementwise(matmul),
  Gemm: async (call) => {
    const [a, b] = [0, 1].map((i) => {
      const values = call.inputs[i] ?? cannot('an input that is missing');
      const turned = integer(call, i === 0 ? 'transA' : 'transB', 0) === 1;
      // A layer's weight lies turned over already.
      return { values: turned !== (i === 1) ? permuted(values, [1, 0]) : values };
    });
    const [x, weight] = [a, b].map((of) => tensorOf({ ...call, inputs: [of?.values] }, 0)) as [Tensor, Tensor];
    const product = scale(linear(x, weight, null), float(call, 'alpha', 1));
    if (!call.inputs[2]) return [await valuesOf(product)];
    return [await valuesOf(add(product, scale(tensorOf(call, 2), float(call, 'beta', 1))))];
  },
  Concat: async (call) => {
    const tensors = call.inputs.map((_, i) => tensorOf(call, i));
    return [await valuesOf(concat(tensors, integer(call, 'axis', 0)))];
  },
  Split: async (call) => {
    const x = tensorOf(call, 0);
    const axis = integer(call, 'axis', 0);
    const extent = x.shape.at(axis) ?? 1;
    const sizes = call.inputs[1]?.data ?? attribute(call, 'split')?.integers ?? [];
    if (sizes.includes(0)) cannot('tensors without elements');
    const parts = split(x, sizes.length > 0 ? sizes : extent / call.node.outputs.length, axis);
    return Promise.all(parts.map((part) => valuesOf(part)));
  },
  Slice: async (call) => {
    const [, starts, ends, axes, steps] = call.inputs.map((input) => input?.data);
    const from = starts ?? attribute(call, 'starts')?.integers ?? [];
    const to = ends ?? attribute(call, 'ends')?.integers ?? [];
    const along = axes ?? attribute(call, 'axes')?.integers ?? [...from.keys()];
    if (steps?.some((step) => step !== 1)) cannot('slices with steps');
    let x = tensorOf(call, 0);
    along.forEach((axis, i) => {
      const extent = x.shape.at(axis) ?? 1;
      const place = (at: number) => Math.min(Math.max(at < 0 ? at + extent : at, 0), extent);
      const [start, end] = [place(from[i] ?? 0), place(to[i] ?? extent)];
      if (start >= end) cannot('tensors without elements');
      x = slice(x, axis, start, end);
    });
    return [await valuesOf(x)];
  },
  Pad: async (call) => {
    const amounts = call.inputs[1]?.data ?? attribute(call, 'pads')?.integers ?? [];
    const mode = attribute(call, 'mode')?.text ?? 'constant';
    const value = call.inputs[2]?.data[0] ?? float(call, 'value', 0);
    if (mode === 'constant' && value !== 0) cannot('padding by another number than 0');
    if (amounts.some((amount) => amount < 0)) cannot('padding by less than nothing');
    const x = tensorOf(call, 0);
    const pairs = x.shape.map((_, axis) => [amounts[axis] ?? 0, amounts[axis + x.shape.length] ?? 0] as const);
    return [await valuesOf(pad(x, pairs, mode === 'constant' ? 'zero' : (mode as 'edge' | 'reflect')))];
  },
  Conv: async (call) => {
    const [x, weight] = [imageOf(call, 0), weightOf(call, 1)];
    const { stride, dilation, padding } = slidingOf(call, [weight.shape[0]!, weight.shape[1]!]);
    const bias = call.inputs[2] ? tensorOf(call, 2) : null;
    const y = conv2d(x, weight, bias, { stride, dilation, padding, groups: integer(call, 'group', 1) });
    return [await pixelsOf(y, call.inputs[0])];
  },
  ConvTranspose: async (call) => {
    const [x, weight] = [imageOf(call, 0), weightOf(call, 1)];
    const kernel = [weight.shape[0]!, weight.shape[1]!] as const;
    const { stride, dilation, padding } = slidingOf(call, kernel, true);
    const bias = call.inputs[2] ? tensorOf(call, 2) : null;
    const rank = call.inputs[0]?.shape.length ?? 4;
    const given = attribute(call, 'output_padding')?.integers ?? [0, 0];
    const outputPadding: [number, number] = rank === 3 ? [0, given[0] ?? 0] : [given[0] ?? 0, given[1] ?? 0];
    const wanted = attribute(call, 'output_shape')?.integers ?? [];
    const sides = [0, 1].map((axis): readonly [number, number] => {
      const extent = wanted[axis];
      if (extent === undefined) return padding[axis]!;
      // What makes the output as large as asked for: less at both ends, or more at the far one.
      const whole = (x.shape[axis + 1]! - 1) * stride[axis]! + dilation[axis]! * (kernel[axis]! - 1) + 1;
      const all = whole + outputPadding[axis]! - extent;
      if (all < 0) outputPadding[axis]! -= all;
      return all < 0 ? [0, 0] : [Math.floor(all / 2), all - Math.floor(all / 2)];
    }) as [readonly [number, number], readonly [number, number]];
    if (outputPadding.some((extra, axis) => extra >= stride[axis]!)) cannot('an output padding of a stride or more');
    const groups = integer(call, 'group', 1);
    const y = convTranspose2d(x, weight, bias, { stride, dilation, padding: sides, outputPadding, groups });
    return [await pixelsOf(y, call.inputs[0])];
  },
  MaxPool: pooling((x, kernel, options) => maxPool2d(x, kernel, options)),
  AveragePool: pooling((x, kernel, { stride, padding, ceilMode }, call) => {
    const countIncludePad = integer(call, 'count_include_pad', 0) === 1;
    return avgPool2d(x, kernel, { stride, padding, ceilMode, countIncludePad });
  }),
  GlobalAveragePool: async (call) => [await pixelsOf(adaptiveAvgPool2d(imageOf(call, 0), 1), call.inputs[0])],
  GlobalMaxPool: async (call) => {
    const x = imageOf(call, 0);
    return [await pixelsOf(max(x, { axes: [1, 2], keepdim: true }), call.inputs[0])];
  },
  BatchNormalization: async (call) => {
    if (integer(call, 'training_mode', 0) === 1) cannot('running variances that are biased');
    const [x] = call.inputs;
    const rank = x?.shape.length ?? 0;
    // Without pixels each row is one.
    const image = rank === 2 ? tensorOf(call, 0).reshape([x!.shape[0]!, 1, 1, x!.shape[1]!]) : imageOf(call, 0);
    const [weight, bias, runningMean, runningVar] = [1, 2, 3, 4].map((i) => tensorOf(call, i)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const y = batchNorm(image, { weight, bias, runningMean, runningVar, eps: float(call, 'epsilon', 1e-5) });
    return [rank === 2 ? await valuesOf(y, x!.shape) : await pixelsOf(y, x)];
  },
  InstanceNormalization: async (call) => {
    const [weight, bias] = [tensorOf(call, 1), tensorOf(call, 2)];
    const y = instanceNorm(imageOf(call, 0), { weight, bias, eps: float(call, 'epsilon', 1e-5) });
    return [await pixelsOf(y, call.inputs[0])];
  },
  // What brings values to other operators in the files.
  Constant: async (call) => [attribute(call, 'value')?.tensor ?? cannot('a constant of another kind')],
  Identity: async (call) => [call.inputs[0] ?? cannot('an input that is missing')],
  Transpose: async (call) => {
    const values = call.inputs[0] ?? cannot('an input that is missing');
    const order = attribute(call, 'perm')?.integers ?? [];
    return [permuted(values, order.length > 0 ? order : [...values.shape.keys()].reverse())];
  },
};

/** What only brings values to other operators: a file of these alone tests nothing of the engine. */
export const CARRIERS = new Set(['Constant', 'Identity', 'Transpose']);
