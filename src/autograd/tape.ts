import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { accumulate, add, copy, fill } from '../kernels/elementwise.ts';
import { keep } from '../tensor/scope.ts';
import { requireSameType } from '../tensor/shape.ts';
import { type GradNode, Tensor } from '../tensor/tensor.ts';

let recording = true;

/** Runs `body` without recording: nothing inside can be differentiated, and nothing is kept for it. */
export function noGrad<T>(body: () => T): T {
  const before = recording;
  recording = false;
  try {
    return body();
  } finally {
    recording = before;
  }
}

/**
 * Notes how `output` was made, if recording is on and any input wants a gradient. Operations call this once at their end.
 *
 * @param backward as of {@link GradNode}, for the one output
 * @returns `output`
 */
export function record(
  output: Tensor,
  inputs: readonly Tensor[],
  backward: (gradOutput: Tensor) => readonly (Tensor | null)[],
): Tensor {
  recordAll([output], inputs, ([gradOutput]) => (gradOutput ? backward(gradOutput) : []));
  return output;
}

/** As {@link record}, for an operation with several outputs. */
export function recordAll(outputs: readonly Tensor[], inputs: readonly Tensor[], backward: GradNode['backward']): void {
  if (!recording || !inputs.some((input) => input.requiresGrad)) return;
  const node = { inputs, outputs, layer: outputs[0]?.device.layer ?? null, backward };
  for (const output of outputs) {
    output.requiresGrad = true;
    output.node = node;
  }
}

/** The same memory, cut off from what made it: no gradient flows through. */
export function detach(tensor: Tensor): Tensor {
  return tensor.reshape(tensor.shape);
}

/**
 * Where an operation may add the gradient of a leaf directly: a kernel that can accumulate saves a temporary and a launch.
 * Null for anything but a leaf.
 */
export function leafGrad(input: Tensor): { target: Tensor; accumulate: boolean } | null {
  if (input.node) return null;
  if (input.grad) return { target: input.grad, accumulate: true };
  input.grad = keep(Tensor.empty(input.device, input.shape, input.dtype));
  return { target: input.grad, accumulate: false };
}

/**
 * Adds d(loss)/d(leaf) to the `grad` of every leaf that wants one, walking the tape from the last operation to the first.
 *
 * @param loss what to differentiate; of several scalars, their sum
 * @param gradOutput the gradient of the loss, or of each; default 1 for scalars. A tensor [1], as of a `LossScaler`, multiplies all
 * gradients of scalars
 * @throws CyclopsError without a loss, for one of several elements without `gradOutput`, and for a `gradOutput` that is stored otherwise
 */
export function backward(loss: Tensor | readonly Tensor[], gradOutput?: Tensor): void {
  const roots = loss instanceof Tensor ? [loss] : loss;
  const [first] = roots;
  if (!first) throw new CyclopsError('backward needs at least one tensor to differentiate; got none.');
  const several = gradOutput ? undefined : roots.find(({ size }) => size !== 1);
  if (several) {
    throw new CyclopsError(
      `backward differentiates scalars; got the shape [${several.shape.join(', ')}]. Reduce it, or give its gradient.`,
    );
  }
  if (gradOutput) for (const root of roots) requireSameType('backward', root, gradOutput);
  const gradients = new Map<Tensor, Tensor>();
  const seed = gradOutput ?? one(first.device);
  for (const root of roots) gradients.set(root, seed);
  for (const node of topological(roots)) {
    const gradOutputs = node.outputs.map((output) => gradients.get(output) ?? null);
    for (const output of node.outputs) gradients.delete(output);
    if (gradOutputs.every((gradient) => gradient === null)) continue;
    first.device.backwardOf(node.layer, () => {
      const inputGrads = noGrad(() => node.backward(gradOutputs));
      node.inputs.forEach((input, i) => {
        const gradient = inputGrads[i];
        if (gradient && input.requiresGrad) deposit(gradients, input, gradient);
      });
    });
  }
}

function one(device: Device): Tensor {
  const tensor = Tensor.empty(device, [1]);
  fill(device, { value: 1, out: tensor.slice, count: 1 });
  return tensor;
}

/** Adds a gradient to a leaf's `grad`, or to what has come for an inner tensor so far. */
function deposit(gradients: Map<Tensor, Tensor>, input: Tensor, grad: Tensor): void {
  const { device } = input;
  const leaf = leafGrad(input);
  if (leaf) {
    const elements = { x: grad.slice, count: input.size, dtype: input.floatDType };
    if (leaf.accumulate) accumulate(device, { ...elements, target: leaf.target.slice });
    else copy(device, { ...elements, out: leaf.target.slice });
    return;
  }
  const before = gradients.get(input);
  if (!before) {
    gradients.set(input, grad);
    return;
  }
  // A gradient may be shared by several inputs (an addition passes the same one to both), so a sum is a new tensor.
  const sum = Tensor.empty(device, input.shape, input.dtype);
  add(device, { a: before.slice, b: grad.slice, out: sum.slice, count: input.size, dtype: input.floatDType });
  gradients.set(input, sum);
}

/** Every operation that the roots come from, each before those that made its inputs. */
function topological(roots: readonly Tensor[]): GradNode[] {
  const order: GradNode[] = [];
  const seen = new Set<GradNode>();
  const stack = roots.map((root): [GradNode | null, boolean] => [root.node, false]);
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [node, done] = top;
    if (!node) continue;
    if (done) order.push(node);
    else if (!seen.has(node)) {
      seen.add(node);
      stack.push([node, true]);
      for (const input of node.inputs) stack.push([input.node, false]);
    }
  }
  return order.reverse();
}
