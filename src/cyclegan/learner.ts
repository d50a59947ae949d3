import type { FloatDType } from '../kernels/source.ts';
import type { Adam } from '../optim/adam.ts';
import type { LossScaler } from '../optim/loss-scaler.ts';
import type { MovingAverage } from '../optim/moving-average.ts';
import type { Losses } from './losses.ts';
import type { Networks } from './network-set.ts';
import type { ImagePool } from './pool.ts';

/** What a training changes and a checkpoint keeps: a Cycle-GAN, or a part of one. */
export interface Learner {
  /** Of a part, those that it does not have are absent. */
  readonly networks: Networks;
  /** Null without generators. */
  readonly generatorOptimiser: Adam | null;
  /** One for all discriminators, or one for D_A and one for D_B. */
  readonly discriminatorOptimisers: readonly Adam[];
  /** Of each optimiser's weights, the generators' first, where they are kept; training itself does not use them. */
  readonly averages: readonly MovingAverage[];
  /** Fakes of B for D_A and of A for D_B. */
  readonly pools: { readonly fakeB: ImagePool; readonly fakeA: ImagePool };
  /** Of all optimisers, in mixed precision. */
  readonly lossScaler: LossScaler | null;
  /** Of the images and activations of a step. */
  readonly dtype: FloatDType;
  /** The learning rate of all optimisers, from the next step on. */
  set lr(lr: number);
  /** The losses of all steps since the last call, the oldest first; at most the last 64. */
  losses(): Promise<Losses[]>;
  dispose(): void;
}
