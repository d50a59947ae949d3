import * as v from 'valibot';
import { leakyRelu } from '../../autograd/activations/leaky-relu.ts';
import { relu } from '../../autograd/activations/relu.ts';
import { sigmoid } from '../../autograd/activations/sigmoid.ts';
import { tanh } from '../../autograd/activations/tanh.ts';
import { batchNorm } from '../../autograd/batch-norm.ts';
import { convTranspose2d } from '../../autograd/conv-transpose2d.ts';
import { conv2d } from '../../autograd/conv2d.ts';
import { instanceNorm } from '../../autograd/instance-norm.ts';
import { bceWithLogits } from '../../autograd/losses/bce-with-logits.ts';
import { l1Loss } from '../../autograd/losses/l1-loss.ts';
import { mseLoss } from '../../autograd/losses/mse-loss.ts';
import { reflectionPad2d } from '../../autograd/reflection-pad2d.ts';
import { ssim } from '../../autograd/ssim.ts';
import { backward } from '../../autograd/tape.ts';
import { finite, list, object, text, yesOrNo } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { toReferenceLayout } from '../../layers/layout.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { entry, readGolden, readImages, readIndex, readManifest, uploadImages, uploadWeight } from './golden.ts';
import { verifyAdam, verifySchedule } from './optim.ts';
import { type Check, errorOverMax, type Finding, TOLERANCE } from './tolerance.ts';

const someNumber = v.exactOptional(finite());

const attributesSchema = object({
  stride: someNumber,
  padding: v.exactOptional(v.union([finite(), v.literal('valid')], "a number or 'valid'")),
  output_padding: someNumber,
  eps: someNumber,
  momentum: someNumber,
  training: v.exactOptional(yesOrNo),
  negative_slope: someNumber,
  pad_left_right_top_bottom: v.exactOptional(
    v.strictTuple([finite(), finite(), finite(), finite()], 'a list of four numbers'),
  ),
  target: someNumber,
});
type Attributes = v.InferOutput<typeof attributesSchema>;

/** One of ops/*.json. */
const caseSchema = object({
  name: text,
  op: text,
  attrs: attributesSchema,
  /** Tensors that the reference gives gradients of. */
  inputs: list(text),
});
type Case = v.InferOutput<typeof caseSchema>;

const OPERANDS = ['input', 'weight', 'bias', 'target', 'running_mean', 'running_var'];

type Operands = (name: string) => Tensor | undefined;

/** Each operation by its name in the golden data. */
const OPERATIONS: Readonly<Record<string, (input: Tensor, operand: Operands, attrs: Attributes) => Tensor>> = {
  conv2d: (input, operand, attrs) =>
    conv2d(input, required(operand('weight')), operand('bias') ?? null, convolution(attrs)),
  conv_transpose2d: (input, operand, attrs) =>
    convTranspose2d(input, required(operand('weight')), operand('bias') ?? null, {
      ...convolution(attrs),
      outputPadding: required(attrs.output_padding),
    }),
  instance_norm: (input, operand, attrs) => {
    const [weight, bias] = [operand('weight'), operand('bias')];
    return instanceNorm(input, { eps: required(attrs.eps), ...(weight && { weight }), ...(bias && { bias }) });
  },
  batch_norm: (input, operand, { eps, momentum, training }) => {
    const [weight, bias] = [required(operand('weight')), required(operand('bias'))];
    const running = { runningMean: required(operand('running_mean')), runningVar: required(operand('running_var')) };
    const moving = training ? { training, momentum: required(momentum) } : {};
    return batchNorm(input, { weight, bias, ...running, ...moving, eps: required(eps) });
  },
  reflection_pad2d: (input, _, attrs) => reflectionPad2d(input, required(attrs.pad_left_right_top_bottom)),
  relu: (input) => relu(input),
  leaky_relu: (input, _, attrs) => leakyRelu(input, required(attrs.negative_slope)),
  tanh: (input) => tanh(input),
  sigmoid: (input) => sigmoid(input),
  l1_loss: (input, operand) => l1Loss(input, required(operand('target'))),
  mse_loss: (input, operand, attrs) => mseLoss(input, operand('target') ?? required(attrs.target)),
  bce_with_logits: (input, operand) => bceWithLogits(input, required(operand('target'))),
  ssim: (input, operand) => ssim(input, required(operand('target'))),
};

/** Output and every gradient of each operation, and the optimiser and its schedule, against `folder` (golden ops/). */
export async function* verifyOps(device: Device, folder: string): AsyncGenerator<Finding> {
  for (const { name, op } of readIndex(folder, object({ name: text, op: text }))) {
    if (op === 'adam') yield* verifyAdam(device, folder, name);
    else if (op === 'lr_schedule') yield* verifySchedule(folder, name);
    else if (OPERATIONS[op]) yield* compare(device, folder, readManifest(caseSchema, folder, `${name}.json`));
    else yield { name: `ops/${name}`, reason: `the operation ${op} is not part of this package` };
  }
}

async function* compare(device: Device, folder: string, { name, op, attrs, inputs }: Case): AsyncGenerator<Check> {
  const golden = readGolden(folder, `${name}.safetensors`);
  const operands = new Map<string, Tensor>();
  for (const operand of OPERANDS) {
    // Running statistics stand there from before and after a step of training.
    const key = [operand, `${operand}_before`].find((key) => golden.has(key));
    if (key === undefined) continue;
    const upload = operand === 'weight' ? uploadWeight : uploadImages;
    const tensor = upload(device, entry(golden, key));
    tensor.requiresGrad = inputs.includes(operand);
    operands.set(operand, tensor);
  }
  const output = scope(() => {
    const input = required(operands.get('input'));
    const output = required(OPERATIONS[op])(input, (key) => operands.get(key), attrs);
    backward(output, uploadImages(device, entry(golden, 'grad_output')));
    return output;
  });

  const tolerance = name.endsWith('bigmean') ? TOLERANCE.operationBigMean : TOLERANCE.operation;
  const check = (what: string, found: ArrayLike<number>, key: string): Check => {
    return { name: `ops/${name}`, what, error: errorOverMax(found, entry(golden, key).data), tolerance };
  };
  yield check('output, of its maximum', await readImages(output), 'output');
  for (const key of inputs) {
    const grad = operands.get(key)?.grad;
    const read = key === 'weight' ? readWeight : readImages;
    yield check(`gradient of ${key}, of its maximum`, grad ? await read(grad) : [], `grad_${key}`);
  }
  for (const key of ['running_mean', 'running_var'].filter((key) => golden.has(`${key}_after`))) {
    yield check(`${key} after the step, of its maximum`, await required(operands.get(key)).data(), `${key}_after`);
  }
  for (const tensor of [output, ...operands.values()]) tensor.dispose();
}

function convolution({ stride, padding }: Attributes): { stride: number; padding: number } {
  return { stride: required(stride), padding: typeof padding === 'number' ? padding : 0 };
}

async function readWeight(weight: Tensor): Promise<Float32Array> {
  return toReferenceLayout(await weight.data(), weight.shape).data;
}

function required<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new CyclopsError(
    'A manifest of the golden operations lacks an attribute or a tensor. Fetch the golden data again.',
  );
}
