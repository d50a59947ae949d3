import { DECAY, NOT_NEGATIVE, requireList, requireNumber, requireOptions } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import * as kernels from '../kernels/optim/adam.ts';
import type { PackedBuffers, ScaledBuffers } from '../kernels/optim/packed.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Optimiser, type OptimiserOptions, requireSteps } from './optimiser.ts';

export interface AdamOptions extends OptimiserOptions {
  /** Decay rates of the first and the second moment. */
  betas: readonly [number, number];
  /** Added to the root of the bias-corrected second moment; default 1e-8. */
  eps?: number;
}

/** What a checkpoint needs to continue: the number of steps taken, and the raw moments (without bias correction). */
export interface AdamState {
  step: number;
  /** In the order of the parameters, each in its parameter's layout on the device. */
  moments: { expAvg: Float32Array; expAvgSq: Float32Array }[];
}

/**
 * Adam (Kingma and Ba, 2015) with PyTorch's conventions, without weight decay, one launch a step for all parameters, with a loss
 * scaler two. It packs its parameters as {@link Optimiser} says.
 */
export class Adam extends Optimiser {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number = 0;

  /**
   * @throws CyclopsError without parameters, when one appears twice, belongs to another optimiser, is no leaf of f32 or lies on another
   * device, when all together exceed a buffer, and when an option is out of range
   */
  constructor(parameters: readonly Tensor[], options: AdamOptions);
  /** @internal */
  constructor(parameters: readonly Tensor[], options: AdamOptions, name: string);
  constructor(parameters: readonly Tensor[], options: AdamOptions, name = 'Adam') {
    requireOptions(name, options);
    const { betas, eps = 1e-8 } = options;
    requireMoments(name, betas, eps);
    super(name, parameters, options, { memories: 2, words: 3 });
    this.betas = betas;
    this.eps = eps;
  }

  /** Reads the state back as it is after everything recorded so far. */
  async state(): Promise<AdamState> {
    const [first, second] = this.moments;
    const [step, expAvg, expAvgSq] = await Promise.all([this.steps(), this.remembered(first), this.remembered(second)]);
    const empty = new Float32Array();
    return { step, moments: expAvg.map((m, i) => ({ expAvg: m, expAvgSq: expAvgSq[i] ?? empty })) };
  }

  /**
   * Continues from a state of the same parameters.
   *
   * @throws CyclopsError when their number or sizes differ, and unless the steps are a whole number
   */
  loadState(state: AdamState): void {
    requireOptions('loadState', state);
    const { step, moments } = state;
    requireSteps(step);
    requireList('loadState', 'moments', moments);
    if (moments.length !== this.slots.length) {
      throw new CyclopsError(
        `The optimiser has ${this.slots.length} parameters, but the state holds moments of ${moments.length}. ` +
          'It belongs to another model; resume with the options of the run that wrote it.',
      );
    }
    for (const [i, { parameter }] of this.slots.entries()) {
      const moment = moments[i];
      const fits = (values: Float32Array | undefined) =>
        values instanceof Float32Array && values.length === parameter.size;
      if (fits(moment?.expAvg) && fits(moment?.expAvgSq)) continue;
      throw new CyclopsError(
        `Parameter ${i + 1} of the optimiser has ${parameter.size} values [${parameter.shape.join(', ')}], but its moments ` +
          `have ${moment?.expAvg?.length} and ${moment?.expAvgSq?.length}. ` +
          'They belong to another model; resume with the options of the run that wrote them.',
      );
    }
    const [first, second] = this.moments;
    this.remember(
      first,
      moments.map(({ expAvg }) => expAvg),
    );
    this.remember(
      second,
      moments.map(({ expAvgSq }) => expAvgSq),
    );
    this.setSteps(step);
  }

  /** @internal */
  protected override variableOf(step: number): number[] {
    return kernels.adamVariables(this, this.lr, step);
  }

  /** @internal */
  protected override move(device: Device, packed: PackedBuffers, scaled: ScaledBuffers | null): void {
    const [expAvg, expAvgSq] = this.moments;
    const { variable } = this;
    kernels.adam(device, this, { ...packed, expAvg: expAvg.slice, expAvgSq: expAvgSq.slice, variable, scaled });
  }

  private get moments(): readonly [Tensor, Tensor] {
    const [expAvg, expAvgSq] = this.memory;
    if (!expAvg || !expAvgSq) throw new Error('Adam remembers two moments.');
    return [expAvg, expAvgSq];
  }
}

function requireMoments(name: string, betas: readonly [number, number], eps: number): void {
  requireList(name, 'betas', betas);
  if (betas.length !== 2) throw new CyclopsError(`The betas of ${name} must be two numbers; got ${betas.length}.`);
  for (const beta of betas) requireNumber(name, 'betas', beta, DECAY);
  requireNumber(name, 'eps', eps, NOT_NEGATIVE);
}
