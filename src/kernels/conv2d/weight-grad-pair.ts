/**
 * dw (+)= the gradients of two convolutions by one weight with respect to it, one after the other: a generator of a Cycle-GAN sees two
 * batches in a step.
 *
 * The ladder; llvmpipe (Mesa 25.0.7), two cores, 3×3 128→128 at 16×16, batches of 1 and 2, 2026-12-01:
 * - naive, tiled, …: the variants of conv2d.weightGrad, twice. tiled 5.5 ms, winograd 4.9, winograd4x4 5.3.
 * - winograd4x4_joined, winograd_joined: the products of both batches are summed before they are transformed back, so that half as much is
 *   written and transformed. 3.4 and 4.1 ms.
 */
import type { Device } from '../../gpu/device.ts';
import type { Operation, Variant } from '../variant.ts';
import type { WeightGradArguments, WeightGradPairArguments } from './arguments.ts';
import { type ConvProblem, convSizes, describe, problemsOfPair, type WeightGradPairProblem } from './problem.ts';
import { convWeightGrad } from './weight-grad.ts';
import { gainsByJoining, joinedVariants } from './winograd-pair.ts';

type PairVariant = Variant<WeightGradPairProblem, WeightGradPairArguments>;

function twice(variant: Variant<ConvProblem, WeightGradArguments>): PairVariant {
  return {
    ...variant,
    supports: (device, pair) => problemsOfPair(pair).every((k) => variant.supports(device, k)),
    launch: (device, pair, { earlier, x, dy, dw, accumulate }) => {
      const [before, k] = problemsOfPair(pair);
      variant.launch(device, before, { ...earlier, dw, accumulate });
      variant.launch(device, k, { x, dy, dw, accumulate: true });
    },
  };
}

/** dw (+)= the gradients of conv(earlier.x, weight) and of conv(x, weight) with respect to weight. */
export const convWeightGradPair: Operation<WeightGradPairProblem, WeightGradPairArguments> = {
  name: 'conv2d.weightGradPair',
  // The default is that of one batch, for the same bits; of ties what is joined comes first.
  variants: convWeightGrad.variants.flatMap((variant) => {
    const joined = joinedVariants.get(variant.name);
    return joined ? [joined, twice(variant)] : [twice(variant)];
  }),
  describe: ({ earlier, ...k }) => `${describe(k)} after ${earlier}`,
  exampleArguments: (pair, buffers, full = false) => {
    const inputs = (k: ConvProblem) => {
      const { x, y } = convSizes(k);
      return { x: buffers.input(x, k.dtype), dy: buffers.input(y, k.dtype) };
    };
    const [before, k] = problemsOfPair(pair);
    const { weight } = convSizes(pair);
    const dw = full ? buffers.sum(weight) : buffers.output(weight);
    return { earlier: inputs(before), ...inputs(k), dw, accumulate: full };
  },
};

/**
 * Two weight gradients as one problem.
 *
 * @returns null where the convolutions differ in more than how many images they have, and where no variant would gain by it
 */
export function weightGradPair(device: Device, earlier: ConvProblem, own: ConvProblem): WeightGradPairProblem | null {
  const isAlike = describe({ ...earlier, n: own.n }) === describe(own);
  return isAlike && [earlier, own].every((k) => gainsByJoining(device, k)) ? { ...own, earlier: earlier.n } : null;
}
