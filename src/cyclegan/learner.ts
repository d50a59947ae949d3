import { requireSplitProducts, splitProducts } from '../autograd/split-products.ts';
import type { Device } from '../gpu/device.ts';
import type { FloatDType } from '../kernels/source.ts';
import type { Module } from '../layers/module.ts';
import { Adam } from '../optim/adam.ts';
import { LossScaler } from '../optim/loss-scaler.ts';
import { MovingAverage } from '../optim/moving-average.ts';
import type { Precision } from './config.ts';
import { type Losses, LossLog } from './losses.ts';
import type { Networks } from './network-set.ts';
import type { ImagePool } from './pool.ts';

/** How something learns, whatever it is. */
export interface LearnerOptions {
  lr: number;
  /** The learning rate of the discriminators as a multiple of `lr`; 1 unless told otherwise. */
  discriminatorRate?: number;
  betas: readonly [number, number];
  /** Default f32. */
  precision?: Precision;
  /** Decay of a moving average of all weights; 0, the default, keeps none. */
  ema?: number;
}

/** What a training changes and a checkpoint keeps: a Cycle-GAN, or a part of one. */
export abstract class Learner {
  /** Of a part, those that it does not have are absent. */
  abstract readonly networks: Networks;
  /** Null without generators. */
  abstract readonly generatorOptimiser: Adam | null;
  /** One for all discriminators, or one for D_A and one for D_B. */
  abstract readonly discriminatorOptimisers: readonly Adam[];
  /** Of each optimiser's weights, the generators' first, where they are kept; training itself does not use them. */
  abstract readonly averages: readonly MovingAverage[];
  /** Fakes of B for D_A and of A for D_B. */
  abstract readonly pools: { readonly fakeB: ImagePool; readonly fakeA: ImagePool };
  /** Of all optimisers, in mixed precision. */
  readonly lossScaler: LossScaler | null;
  /** Of the images and activations of a step. */
  readonly dtype: FloatDType;
  /** @internal */
  protected readonly log: LossLog;

  /** @throws UnsupportedError when the device cannot compute in this precision */
  protected constructor(
    protected readonly device: Device,
    private readonly learning: LearnerOptions,
  ) {
    const { precision } = learning;
    if (precision === 'split') requireSplitProducts(device);
    this.lossScaler = precision === 'mixed' ? new LossScaler(device) : null;
    this.dtype = precision === 'mixed' ? 'f16' : 'f32';
    this.log = new LossLog(device);
  }

  /** The learning rate of all optimisers, from the next step on. */
  set lr(lr: number) {
    if (this.generatorOptimiser) this.generatorOptimiser.lr = lr;
    const { discriminatorRate = 1 } = this.learning;
    for (const optimiser of this.discriminatorOptimisers) optimiser.lr = discriminatorRate * lr;
  }

  /** Runs `body`, in which convolutions multiply as in a step. */
  inPrecision<T>(body: () => T): T {
    return this.learning.precision === 'split' ? splitProducts(this.device, body) : body();
  }

  /** The losses of all steps since the last call, the oldest first; at most the last 64. */
  losses(): Promise<Losses[]> {
    return this.log.read();
  }

  dispose(): void {
    for (const module of Object.values(this.networks)) module.dispose();
    for (const optimiser of [this.generatorOptimiser, ...this.discriminatorOptimisers]) optimiser?.dispose();
    for (const pool of Object.values(this.pools)) pool.dispose();
    for (const average of this.averages) average.dispose();
    this.lossScaler?.dispose();
    this.log.dispose();
  }

  /**
   * An Adam for some networks.
   *
   * @internal
   */
  protected adam(...modules: Module[]): Adam {
    const { lr, betas } = this.learning;
    const parameters = modules.flatMap((module) => module.parameters());
    return new Adam(parameters, { lr, betas, eps: 1e-8, scaler: this.lossScaler ?? undefined });
  }

  /**
   * The averages that are kept of optimisers' weights.
   *
   * @internal
   */
  protected averagesOf(...optimisers: Adam[]): MovingAverage[] {
    const { ema = 0 } = this.learning;
    return ema > 0 ? optimisers.map((optimiser) => new MovingAverage(optimiser, ema)) : [];
  }

  /**
   * What ends a step, once all optimisers have stepped.
   *
   * @internal
   */
  protected endStep(): void {
    for (const average of this.averages) average.update();
    this.lossScaler?.update();
  }
}
