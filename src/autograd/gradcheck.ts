import { POSITIVE, requireFunction, requireList, requireNumber, requireOptions } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { scope } from '../tensor/scope.ts';
import { requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { backward, noGrad } from './tape.ts';

export interface GradcheckOptions {
  /** Step of the central differences, relative to max(1, |element|). */
  eps?: number;
  /** Largest allowed difference, relative to the largest gradient of the same input, or to 0.001 if that is larger. */
  tolerance?: number;
}

/** Gradients below this drown in the rounding of f32 differences. */
const NOISE = 1e-3;

/**
 * Compares the backward pass of `f` with central differences, for every element of every input with `requiresGrad`.
 *
 * The output is projected on fixed weights r, so that L = Σ r · f(inputs) has the gradient that `backward` gives for
 * gradOutput = r. In f32 a difference of step h is wrong by about 1e-7 |f| / h from rounding and h² |f‴| / 6 from the
 * step; the default of 1e-2 keeps both near 1e-4 for values and derivatives around 1, well inside the tolerance. A
 * function with kinks (ReLU, L1) must be given inputs further than `eps` from them. Costs two evaluations an element:
 * meant for small inputs. Their values and gradients are as before when it returns.
 *
 * @throws CyclopsError naming the input, the element and both values where they disagree, where a gradient is missing, and for an `eps` or a
 * `tolerance` that is not positive and finite
 */
export async function gradcheck(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<void> {
  requireFunction('gradcheck', f);
  requireList('gradcheck', 'inputs', inputs);
  requireOperands('gradcheck', ...inputs);
  requireOptions('gradcheck', options, ['eps', 'tolerance']);
  const { eps = 1e-2, tolerance = 1e-2 } = options;
  requireNumber('gradcheck', 'eps', eps, POSITIVE);
  requireNumber('gradcheck', 'tolerance', tolerance, POSITIVE);
  const gradients = await backwardGradients(f, inputs);
  if (gradients.size === 0) throw new CyclopsError('gradcheck: no input has requiresGrad.');
  for (const [input, gradient] of gradients) {
    const values = await input.data();
    const scale = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    try {
      for (let i = 0; i < values.length; i += 1) {
        const numeric = await centralDifference(f, inputs, { input, values, i, eps });
        const analytic = gradient[i] ?? Number.NaN;
        // Written so that NaN on either side fails.
        if (Math.abs(numeric - analytic) <= tolerance * Math.max(scale, NOISE)) continue;
        throw new CyclopsError(
          `gradcheck: input ${inputs.indexOf(input)} [${input.shape.join(', ')}], element [${position(input, i)}]: ` +
            `backward gives ${analytic}, central differences ${numeric}; ` +
            `allowed is ${tolerance} of the input's largest gradient ${scale}.`,
        );
      }
    } finally {
      input.upload(values);
    }
  }
}

/** The gradient of L for each input that wants one. */
async function backwardGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
): Promise<Map<Tensor, Float32Array>> {
  const wanted = inputs.filter((input) => input.requiresGrad);
  const before = wanted.map((input) => input.grad);
  for (const input of wanted) input.grad = null;
  try {
    scope(() => {
      const output = f(...inputs);
      requireOperands('gradcheck', output);
      backward(output, Tensor.from(output.device, projection(output.size), output.shape));
    });
    const gradients = new Map<Tensor, Float32Array>();
    for (const input of wanted) {
      if (!input.grad) throw new CyclopsError(`gradcheck: input ${inputs.indexOf(input)} received no gradient.`);
      gradients.set(input, await input.grad.data());
    }
    return gradients;
  } finally {
    wanted.forEach((input, i) => {
      input.grad?.dispose();
      input.grad = before[i] ?? null;
    });
  }
}

/** One element of an input, and the step to take from it. */
interface Probe {
  input: Tensor;
  values: Float32Array;
  i: number;
  eps: number;
}

async function centralDifference(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { input, values, i, eps }: Probe,
): Promise<number> {
  const value = values[i] ?? Number.NaN;
  const step = eps * Math.max(1, Math.abs(value));
  const evaluate = async (at: number) => {
    input.upload(values.with(i, at));
    const output = scope(() => noGrad(() => f(...inputs)));
    const result = await output.data();
    output.dispose();
    return result;
  };
  const [above, below] = [Math.fround(value + step), Math.fround(value - step)];
  const after = await evaluate(above);
  const before = await evaluate(below);
  // Summed as differences: outputs that do not depend on the element then add no rounding.
  const change = projection(after.length).reduce((sum, r, k) => sum + r * ((after[k] ?? 0) - (before[k] ?? 0)), 0);
  return change / (above - below);
}

/** The weights r: between −1 and 1, without a pattern that a wrong gradient could share. */
function projection(size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.fround(Math.cos(i * i + 1)));
}

function position(tensor: Tensor, index: number): string {
  const indices: number[] = [];
  let rest = index;
  for (const extent of tensor.shape.toReversed()) {
    indices.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return indices.join(', ');
}
