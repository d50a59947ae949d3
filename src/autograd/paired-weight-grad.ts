/** Weight gradients that wait for another of the same weight. Bundles for pages leave this out, by paired-weight-grad-in-page.ts in place of this file. */
import type { Device } from '../gpu/device.ts';
import type { ImagesAndGradient } from '../kernels/conv2d/arguments.ts';
import type { ConvProblem } from '../kernels/conv2d/problem.ts';
import { convWeightGrad } from '../kernels/conv2d/weight-grad.ts';
import { convWeightGradPair, weightGradPair } from '../kernels/conv2d/weight-grad-pair.ts';
import { gainsByJoining } from '../kernels/conv2d/winograd-pair.ts';
import { isForced, run } from '../kernels/tuning/choices.ts';
import { wasUsedAlone } from '../kernels/tuning/taken-over.ts';
import type { PutOff, Walk } from '../tensor/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Convolution } from './convolution.ts';
import { gradientOf } from './tape.ts';
import { type WeightGradOperands, weightGrad } from './weight-grad.ts';

/** As {@link weightGrad}, along with that of the next convolution by the weight in the same backward pass, where that is better. */
export function pairedWeightGrad(kernels: Convolution, own: WeightGradOperands, walk: Walk<Tensor>): Tensor | null {
  const { weight } = own;
  const { device } = weight;
  const { plain } = kernels;
  const putOff = walk.taken(weight);
  const waiting = putOff instanceof WaitingGrad ? putOff : null;
  const pair = waiting && plain && weightGradPair(device, waiting.plain, plain);
  if (waiting && pair) {
    return gradientOf(weight, ({ slice: dw }, accumulate) =>
      run(device, convWeightGradPair, pair, { earlier: waiting.slices, ...slicesOf(own), dw, accumulate }),
    );
  }
  putOff?.doAlone();
  if (plain && !weight.node && walk.comesAgain(weight) && gainsByJoining(device, plain) && mayPair(device)) {
    walk.putOff(weight, new WaitingGrad(kernels, plain, own));
    return null;
  }
  return weightGrad(kernels, own);
}

/** Not where a variant is forced for one gradient alone, nor where a run goes on that computed each alone. */
function mayPair(device: Device): boolean {
  const isAlone = isForced(device, convWeightGrad) || wasUsedAlone(device, convWeightGrad, convWeightGradPair);
  return isForced(device, convWeightGradPair) || !isAlone;
}

/** A weight gradient that waits for another of the same weight. */
class WaitingGrad implements PutOff {
  constructor(
    private readonly kernels: Convolution,
    readonly plain: ConvProblem,
    private readonly own: WeightGradOperands,
  ) {}

  get slices(): ImagesAndGradient {
    return slicesOf(this.own);
  }

  doAlone(): void {
    weightGrad(this.kernels, this.own);
  }
}

const slicesOf = ({ x, dy }: WeightGradOperands): ImagesAndGradient => ({ x: x.slice, dy: dy.slice });
