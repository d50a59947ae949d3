import { CyclopsError } from '../gpu/errors.ts';
import { arithmetic } from '../kernels/arithmetic.ts';
import { accumulate, copy, fill } from '../kernels/elementwise.ts';
import type { FloatDType } from '../kernels/source.ts';
import { type GradNode, noGrad, settledOf, type Unsettled } from '../tensor/record.ts';
import { keep } from '../tensor/scope.ts';
import { requireAlike, requireOperands, requireSameType, requireTensor, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { LaterUses } from './later-uses.ts';

export { noGrad } from '../tensor/record.ts';

/**
 * The same memory, cut off from what made it: no gradient flows through.
 *
 * @throws CyclopsError for a tensor that was disposed of
 */
export function detach(tensor: Tensor): Tensor {
  requireTensor('detach', tensor);
  return noGrad(() => tensor.reshape(tensor.shape));
}

/** Launches what computes a gradient, into `target` or, with `accumulate`, on top of what it holds. */
export type WriteGradient = (target: Tensor, accumulate: boolean) => void;

/**
 * Has the gradient of a leaf added to its `grad` directly, which saves a temporary and a launch; a leaf without one gets it once `write`
 * has returned, so that an error leaves none that was never written.
 *
 * @returns null for a leaf, and for any other tensor its gradient
 * @throws CyclopsError for a tensor that was disposed of, which no longer knows what made it
 */
export function gradientOf(input: Tensor, write: WriteGradient): Tensor | null {
  input.requireLive();
  if (!input.node && input.grad) {
    // Anyone may have set it.
    requireAlike('The grad of a leaf', input, input.grad);
    write(input.grad, true);
    return null;
  }
  const gradient = Tensor.empty(input.device, input.shape, input.dtype);
  write(gradient, false);
  if (input.node) return gradient;
  input.grad = keep(gradient);
  return null;
}

/**
 * Adds d(loss)/d(leaf) to the `grad` of every leaf that wants one, walking the tape from the last operation to the first. A loss that
 * is a leaf itself gets `gradOutput`.
 *
 * @param loss what to differentiate; of several tensors, their sum, in which one that is named twice counts twice
 * @param gradOutput the gradient of the loss, or of each, of its shape and dtype; default 1 for scalars. A tensor [1], as of a
 * `LossScaler`, goes with scalars of any shape
 * @throws CyclopsError without a loss, for one that nothing can be differentiated by, for one of several elements without `gradOutput`, for
 * a `gradOutput` of another shape, dtype or device, for losses on several devices, when a leaf was disposed of, and when the numbers of a
 * tensor on the way were replaced since it was used
 */
export function backward(loss: Tensor | readonly Tensor[], gradOutput?: Tensor): void {
  const roots = Array.isArray(loss) ? loss : [loss];
  const [first] = roots;
  if (!first) throw new CyclopsError('backward needs at least one tensor to differentiate; got none.');
  requireOperands('backward', ...roots);
  for (const root of roots) {
    requireDifferentiable(root);
    requireGradOutput(root, gradOutput);
  }
  const nodes = topological(roots);
  const gradients: Gradients = new Map();
  const ones = new Map<FloatDType, Tensor>();
  const given = gradOutput && apartFrom(leavesOf(roots, nodes), gradOutput);
  for (const root of roots) deposit(gradients, root, given ?? oneOf(ones, root));
  const later = new LaterUses(first.device, nodes);
  for (const node of nodes) {
    later.pass(node);
    const gradOutputs = node.outputs.map((output) => gradients.get(output) ?? null);
    for (const output of node.outputs) gradients.delete(output);
    if (gradOutputs.every((gradient) => gradient === null)) continue;
    requireUnchanged(node);
    first.device.backwardOf(node.layer, () => {
      const inputGrads = noGrad(() =>
        node.backward(gradOutputs, (input) => taken(gradients, node.inputs[input]), later),
      );
      node.inputs.forEach((input, i) => {
        const gradient = inputGrads[i];
        if (gradient && input.requiresGrad) deposit(gradients, input, gradient);
      });
    });
  }
  noGrad(() => later.finish());
}

/** What has come for each tensor so far. */
type Gradients = Map<Tensor, Tensor | Unsettled<Tensor>>;

/** What has come for a tensor so far, which then is no longer kept for it; a leaf's lies in its `grad`. */
function taken(gradients: Gradients, input: Tensor | undefined): Tensor | null {
  const gradient = (input && gradients.get(input)) ?? null;
  if (input) gradients.delete(input);
  return gradient && settledOf(gradient);
}

function requireDifferentiable(root: Tensor): void {
  if (root.requiresGrad) return;
  throw new CyclopsError(
    `backward was given a tensor [${root.shape.join(', ')}] that does not require grad: nothing that it was made of has ` +
      'requiresGrad set, or it was made inside noGrad or cut off by detach.',
  );
}

/** A gradient that is computed from numbers that were replaced since would be that of nothing. */
function requireUnchanged({ inputs, outputs, versions }: GradNode<Tensor>): void {
  const changed = [...inputs, ...outputs].find(({ version }, i) => version !== versions[i]);
  if (!changed) return;
  throw new CyclopsError(
    `backward comes too late: the numbers of a tensor [${changed.shape.join(', ')}] were replaced, by an upload or a step of an optimiser, ` +
      'since it was used. Differentiate before, or compute the result anew.',
  );
}

function requireGradOutput(root: Tensor, gradOutput: Tensor | undefined): void {
  if (gradOutput === undefined) {
    if (root.size === 1) return;
    throw new CyclopsError(
      `backward differentiates scalars; got the shape [${root.shape.join(', ')}]. Reduce it, or give its gradient.`,
    );
  }
  requireSameType('backward', root, gradOutput);
  if (!sameShape(root, gradOutput) && !(root.size === 1 && gradOutput.size === 1)) {
    throw new CyclopsError(
      `backward needs a gradOutput of the shape [${root.shape.join(', ')}] of the tensor that it starts from; ` +
        `got [${gradOutput.shape.join(', ')}].`,
    );
  }
}

/** A tensor [1] that holds 1, for a root of this dtype: made once for all. */
function oneOf(ones: Map<FloatDType, Tensor>, { device, floatDType: dtype }: Tensor): Tensor {
  const one = ones.get(dtype) ?? Tensor.empty(device, [1], dtype);
  if (!ones.has(dtype)) fill(device, { value: 1, out: one.slice, count: 1, dtype });
  ones.set(dtype, one);
  return one;
}

function leavesOf(roots: readonly Tensor[], nodes: readonly GradNode<Tensor>[]): Tensor[] {
  return [...roots, ...nodes.flatMap(({ inputs }) => inputs)].filter(({ node }) => node === null);
}

/** A gradient to start from, or a copy of it where a leaf's `grad` lies in the same buffer: that is written while the gradient is read. */
function apartFrom(leaves: readonly Tensor[], gradient: Tensor): Tensor {
  const { buffer } = gradient.slice;
  const apart = leaves.every(({ grad }) => grad?.slice.buffer !== buffer);
  if (apart) return gradient;
  const out = Tensor.empty(gradient.device, gradient.shape, gradient.dtype);
  copy(gradient.device, { x: gradient.slice, out: out.slice, count: gradient.size, dtype: gradient.floatDType });
  return out;
}

/** Adds a gradient to a leaf's `grad`, or to what has come for an inner tensor so far. */
function deposit(gradients: Gradients, input: Tensor, gradient: Tensor | Unsettled<Tensor>): void {
  const { device } = input;
  if (!input.node) {
    const grad = settledOf(gradient);
    const elements = { x: grad.slice, count: input.size, dtype: input.floatDType };
    gradientOf(input, (target, add) => {
      if (add) accumulate(device, { ...elements, target: target.slice });
      else copy(device, { ...elements, out: target.slice });
    });
    return;
  }
  const before = gradients.get(input);
  if (!before) {
    gradients.set(input, gradient);
    return;
  }
  const [one, other] = [settledOf(before), settledOf(gradient)];
  // A gradient may be shared by several inputs (an addition passes the same one to both), so a sum is a new tensor.
  const sum = Tensor.empty(device, input.shape, input.dtype);
  const slices = { a: one.slice, b: other.slice, out: sum.slice };
  arithmetic(device, { kind: 'add', ...slices, count: input.size, dtype: input.floatDType });
  gradients.set(input, sum);
}

/** Every operation that the roots come from, each before those that made its inputs. */
function topological(roots: readonly Tensor[]): GradNode<Tensor>[] {
  const order: GradNode<Tensor>[] = [];
  const seen = new Set<GradNode<Tensor>>();
  const stack = roots.map((root): [GradNode<Tensor> | null, boolean] => [root.node, false]);
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
