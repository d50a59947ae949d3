import { accumulate, add, copy } from '../kernels/elementwise.ts';
import { keep } from '../tensor/scope.ts';
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
 * @returns `output`
 */
export function record(output: Tensor, inputs: readonly Tensor[], backward: GradNode['backward']): Tensor {
  if (recording && inputs.some((input) => input.requiresGrad)) {
    output.requiresGrad = true;
    output.node = { inputs, backward };
  }
  return output;
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
  input.grad = keep(Tensor.empty(input.device, input.shape));
  return { target: input.grad, accumulate: false };
}

/**
 * Adds d(loss)/d(leaf) to the `grad` of every leaf that wants one, walking the tape from the last operation to the first.
 *
 * @param loss the tensor to differentiate. @param gradOutput its gradient; default 1 for a scalar.
 */
export function backward(loss: Tensor, gradOutput?: Tensor): void {
  const grads = new Map<Tensor, Tensor>();
  grads.set(loss, gradOutput ?? Tensor.from(loss.device, [1], loss.shape));
  for (const tensor of topological(loss)) {
    const grad = grads.get(tensor);
    grads.delete(tensor);
    if (!grad || !tensor.node) continue;
    const inputGrads = noGrad(() => tensor.node?.backward(grad) ?? []);
    tensor.node.inputs.forEach((input, i) => {
      const inputGrad = inputGrads[i];
      if (inputGrad && input.requiresGrad) deposit(grads, input, inputGrad);
    });
  }
}

/** Adds a gradient to a leaf's `grad`, or to what has come for an inner tensor so far. */
function deposit(grads: Map<Tensor, Tensor>, input: Tensor, grad: Tensor): void {
  const { device } = input;
  const leaf = leafGrad(input);
  if (leaf) {
    (leaf.accumulate ? accumulate : copy)(device, grad.slice, leaf.target.slice, input.size);
    return;
  }
  const before = grads.get(input);
  if (!before) {
    grads.set(input, grad);
    return;
  }
  // A gradient may be shared by several inputs (an addition passes the same one to both), so a sum is a new tensor.
  const sum = Tensor.empty(device, input.shape);
  add(device, before.slice, grad.slice, sum.slice, input.size);
  grads.set(input, sum);
}

/** Every recorded ancestor of `loss`, each before its inputs. */
function topological(loss: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: [Tensor, boolean][] = [[loss, false]];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [tensor, done] = top;
    if (done) order.push(tensor);
    else if (!seen.has(tensor) && tensor.node) {
      seen.add(tensor);
      stack.push([tensor, true]);
      for (const input of tensor.node.inputs) stack.push([input, false]);
    }
  }
  return order.reverse();
}
