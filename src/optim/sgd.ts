import { NOT_NEGATIVE, requireFlag, requireList, requireNumber, requireOptions } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { f32 } from '../gpu/launch.ts';
import type { PackedBuffers, ScaledBuffers } from '../kernels/optim/packed.ts';
import * as kernels from '../kernels/optim/sgd.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Optimiser, type OptimiserOptions } from './optimiser.ts';

export interface SGDOptions extends OptimiserOptions {
  /** The share of its velocity that a parameter keeps; default 0, without any. */
  momentum?: number;
  /** Looks ahead along the velocity; needs momentum. Default false. */
  nesterov?: boolean;
  /** Times the weights, added to the gradients; default 0. */
  weightDecay?: number;
}

/** What a checkpoint needs to continue. */
export interface SGDState {
  /** In the order of the parameters, each in its parameter's layout on the device; null without momentum. */
  velocities: Float32Array[] | null;
}

/**
 * Stochastic gradient descent with PyTorch's conventions (Sutskever et al., 2013): g = gradient + weightDecay · w, v = momentum · v + g,
 * w = w − lr · v, with Nesterov w = w − lr · (g + momentum · v). One launch a step for all parameters, with a loss scaler two. It packs its
 * parameters as {@link Optimiser} says.
 */
export class SGD extends Optimiser {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;

  /**
   * @throws CyclopsError without parameters, when one appears twice, belongs to another optimiser, is no leaf of f32 or lies on another
   * device, when all together exceed a buffer, and when an option is out of range
   */
  constructor(parameters: readonly Tensor[], options: SGDOptions) {
    requireOptions('SGD', options);
    const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
    requireNumber('SGD', 'momentum', momentum, NOT_NEGATIVE);
    requireNumber('SGD', 'weightDecay', weightDecay, NOT_NEGATIVE);
    requireFlag('SGD', 'nesterov', nesterov);
    if (nesterov && momentum === 0) throw new CyclopsError('nesterov of SGD needs a momentum above 0; got 0.');
    super('SGD', parameters, options, { memories: momentum > 0 ? 1 : 0, words: 1 });
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.weightDecay = weightDecay;
  }

  /** Reads the state back as it is after everything recorded so far. */
  async state(): Promise<SGDState> {
    const [velocity] = this.memory;
    return { velocities: velocity ? await this.remembered(velocity) : null };
  }

  /**
   * Continues from a state of the same parameters.
   *
   * @throws CyclopsError when their number or sizes differ, and when one of the two has momentum and the other has not
   */
  loadState(state: SGDState): void {
    requireOptions('loadState', state);
    const { velocities } = state;
    if (velocities !== null) requireList('loadState', 'velocities', velocities);
    const [velocity] = this.memory;
    const expected = velocity ? this.slots.map(({ parameter }) => parameter.size) : [];
    const sizes = velocities?.map((velocity) => (velocity instanceof Float32Array ? velocity.length : 'no')) ?? [];
    if (sizes.join() !== expected.join()) {
      throw new CyclopsError(
        `The optimiser remembers velocities of ${expected.length} parameters with ${expected.join(', ') || 'no'} values; the state holds ` +
          `${sizes.length} with ${sizes.join(', ') || 'no'} values. It belongs to another model, or to other options.`,
      );
    }
    if (velocity && velocities) this.remember(velocity, velocities);
  }

  /** @internal */
  protected override variableOf(): number[] {
    return [f32(this.lr)];
  }

  /** @internal */
  protected override move(device: Device, packed: PackedBuffers, scaled: ScaledBuffers | null): void {
    const { variable } = this;
    kernels.sgd(device, this, { ...packed, velocity: this.memory[0]?.slice ?? null, variable, scaled });
  }
}
