import { POSITIVE, requireNumber, requireOptions, WORD } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { type BufferSlice, f32 } from '../gpu/launch.ts';
import { OPTIMISER_WORDS, SCALE_WORDS, updateScale } from '../kernels/optim/loss-scale.ts';
import { requireDevice } from '../tensor/require-device.ts';
import { requireHalf } from '../tensor/require-half.ts';
import { keep } from '../tensor/scope.ts';
import { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';

/** What a checkpoint needs to continue. The steps of each optimiser are in its own state. */
export interface LossScalerState {
  scale: number;
  /** Steps without an overflow since the scale changed. */
  goodSteps: number;
}

const FIRST_SCALE = 2 ** 16;
/** Where gradients overflow even at this scale, no scale helps; as in optim/update-scale.wgsl. */
export const LEAST_SCALE = 2 ** -24;
const GROWTH_INTERVAL = 2000;
const MOST_OPTIMISERS = 8;

/**
 * Dynamic loss scaling, with the rule and the numbers of PyTorch's GradScaler: losses are multiplied by a scale, so that small
 * gradients do not vanish in f16. Where gradients overflow, the optimisers leave their step out and the scale halves; after 2000 steps
 * without that it doubles. All of it happens on the device, so that a step can be captured.
 *
 * ```ts
 * const scaler = new LossScaler(device);
 * const adam = new Adam(parameters, { lr, betas, scaler });
 * // in each step
 * backward(loss, scaler.scale);
 * adam.step();
 * scaler.update();
 * ```
 *
 * Source: Micikevicius et al., "Mixed Precision Training", arXiv 1710.03740, §3.2.
 */
export class LossScaler {
  /** The factor [1] of all losses: the gradient to start `backward` from. */
  readonly scale: Tensor;
  private readonly words: Tensor<'u32'>;
  private optimisers = 0;

  /** @throws UnsupportedError when the device has no f16 */
  constructor(private readonly device: Device) {
    requireDevice('LossScaler', device);
    requireHalf(device);
    const count = SCALE_WORDS + OPTIMISER_WORDS * MOST_OPTIMISERS;
    const storage = new Storage(device, 4 * count);
    this.words = keep(new Tensor(storage, [count], 'u32'));
    this.scale = keep(new Tensor(storage, [1], 'f32'));
    this.words.upload(new Uint32Array(count));
    this.loadState({ scale: FIRST_SCALE, goodSteps: 0 });
  }

  /**
   * The state on the device, as in optim/update-scale.wgsl.
   *
   * @internal
   */
  get slice(): BufferSlice {
    return this.words.slice;
  }

  /**
   * Takes in another optimiser. @returns its first word in the state
   *
   * @throws CyclopsError when there are as many as it serves
   * @internal
   */
  addOptimiser(): number {
    if (this.optimisers === MOST_OPTIMISERS) {
      throw new CyclopsError(`A loss scaler serves ${MOST_OPTIMISERS} optimisers at most. Make another for the rest.`);
    }
    return SCALE_WORDS + OPTIMISER_WORDS * this.optimisers++;
  }

  /** Ends a step, after the steps of all its optimisers: adapts the scale, in one launch. */
  update(): void {
    updateScale(this.device, this.slice, this.optimisers, GROWTH_INTERVAL);
  }

  /** Reads the state back as it is after everything recorded so far. */
  async state(): Promise<LossScalerState> {
    const [scale] = await this.scale.data();
    const [, goodSteps] = await this.words.data();
    return { scale: scale ?? Number.NaN, goodSteps: goodSteps ?? Number.NaN };
  }

  /**
   * Continues from a state; the optimisers' steps come with theirs.
   *
   * @throws CyclopsError unless the scale is positive and finite in f32, and the good steps are a whole number
   */
  loadState(state: LossScalerState): void {
    requireOptions('loadState', state);
    const { scale, goodSteps } = state;
    requireNumber('a loss scaler', 'scale', scale, POSITIVE);
    requireNumber('a loss scaler', 'good steps', goodSteps, WORD);
    this.write(0, [f32(scale), goodSteps]);
  }

  /**
   * Steps that an optimiser really took. @param optimiser its first word
   *
   * @internal
   */
  async stepsOf(optimiser: number): Promise<number> {
    return (await this.words.data())[optimiser + 1] ?? Number.NaN;
  }

  /**
   * Sets how many steps an optimiser has taken. @param optimiser its first word
   *
   * @internal
   */
  setStepsOf(optimiser: number, steps: number): void {
    this.write(optimiser, [0, steps]);
  }

  /** Frees the state. Its optimisers cannot step any more. */
  dispose(): void {
    this.scale.dispose();
    this.words.dispose();
  }

  private write(start: number, words: number[]): void {
    const { buffer, offset } = this.slice;
    this.device.write({ buffer, offset: offset + 4 * start, size: 4 * words.length }, Uint32Array.from(words));
  }
}
