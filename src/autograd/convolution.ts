import type { Device } from '../gpu/device.ts';
import type { ForwardArguments, InputGradArguments, WeightGradArguments } from '../kernels/conv2d/arguments.ts';
import { convForward } from '../kernels/conv2d/forward.ts';
import {
  checkGrouped,
  type GroupedProblem,
  groupedForward,
  groupedInputGrad,
  groupedWeightGrad,
} from '../kernels/conv2d/grouped.ts';
import { canLeaveUnfolded, convInputGrad, foldsInLaunch } from '../kernels/conv2d/input-grad.ts';
import { type ConvProblem, checkProblem } from '../kernels/conv2d/problem.ts';
import { convWeightGrad } from '../kernels/conv2d/weight-grad.ts';
import { choose, run } from '../kernels/tuning/choices.ts';
import { requireGroups } from './conv-options.ts';
import { isSplitting } from './split-products.ts';

/** A convolution from images [n,h,w,c] to [n,p,q,o] and the way back, by whichever kernels can do it. */
export interface Convolution {
  forward(args: ForwardArguments): void;
  inputGrad(args: InputGradArguments): void;
  /** Whether its input gradient is that of an image padded by reflection, folded by a launch that takes an addend, … */
  readonly foldsInputGrad: boolean;
  /** … and whether it can be had unfolded. */
  readonly leavesUnfolded: boolean;
  weightGrad(args: WeightGradArguments): void;
  /** The problem of the tuned operations; null where others compute it. */
  readonly plain: ConvProblem | null;
}

/**
 * The tuned operations where strides and paddings are the same all around, taps are neighbours and all channels see each other; else kernels for
 * any of it.
 *
 * @throws CyclopsError when groups do not divide the channels, the output would be empty, or the reflection is larger than the image
 */
export function convolution(device: Device, operation: string, problem: GroupedProblem): Convolution {
  const { c, o, groups, stride, dilation, padding, ...rest } = problem;
  requireGroups(operation, groups, c, o);
  const [[top, bottom], [left, right]] = padding;
  const isPlain =
    groups === 1 &&
    dilation.every((step) => step === 1) &&
    stride[0] === stride[1] &&
    [bottom, left, right].every((side) => side === top);
  if (!isPlain) {
    const grouped = checkGrouped(problem);
    return {
      forward: (args) => groupedForward(device, grouped, args),
      inputGrad: (args) => groupedInputGrad(device, grouped, args),
      foldsInputGrad: false,
      leavesUnfolded: false,
      weightGrad: (args) => groupedWeightGrad(device, grouped, args),
      plain: null,
    };
  }
  const split = isSplitting(device) && rest.dtype === 'f32' ? { split: true } : {};
  const plain = checkProblem({ ...rest, c, o, stride: stride[0], padding: top, ...split });
  return {
    forward: (args) => run(device, convForward, plain, args),
    inputGrad: (args) => run(device, convInputGrad, plain, args),
    get foldsInputGrad() {
      return foldsInLaunch(choose(device, convInputGrad, plain), plain);
    },
    get leavesUnfolded() {
      return canLeaveUnfolded(choose(device, convInputGrad, plain), plain);
    },
    weightGrad: (args) => run(device, convWeightGrad, plain, args),
    plain,
  };
}
