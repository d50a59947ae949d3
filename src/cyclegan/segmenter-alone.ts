import { scale } from '../autograd/scale.ts';
import { requireSplitProducts, splitProducts } from '../autograd/split-products.ts';
import { backward } from '../autograd/tape.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { FloatDType } from '../kernels/source.ts';
import { Adam } from '../optim/adam.ts';
import { LossScaler } from '../optim/loss-scaler.ts';
import { MovingAverage } from '../optim/moving-average.ts';
import { scope } from '../tensor/scope.ts';
import type { Learner } from './learner.ts';
import { type Losses, LossLog } from './losses.ts';
import type { CycleGANOptions } from './model.ts';
import type { NetworkName } from './network-names.ts';
import { makeNetworks, type Networks } from './network-set.ts';
import { ImagePool } from './pool.ts';
import { castDomains, type LabelledDomains, segmentationLoss } from './segmentation-loss.ts';
import { isSegmenting, type SegmentingDiscriminator } from './unet-discriminator.ts';

/** What is not there of a Cycle-GAN whose segmenter is trained alone. */
export const BESIDE_SEGMENTER: readonly NetworkName[] = ['G_A', 'G_B', 'D_B'];

/**
 * The segmenter of a Cycle-GAN, trained alone on real images, from the same first weights. Its hidden layers and its pixels learn the same
 * in a Cycle-GAN, where what is generated reaches no more than the head for patches; that one is not trained here. In mixed precision they
 * do so but for the steps that a Cycle-GAN leaves out because gradients of its other networks overflowed.
 */
export class SegmenterAlone implements Learner {
  readonly networks: Networks;
  readonly generatorOptimiser = null;
  readonly discriminatorOptimisers: readonly Adam[];
  readonly averages: readonly MovingAverage[];
  /** Without images: there are no fakes. */
  readonly pools: Learner['pools'];
  readonly lossScaler: LossScaler | null;
  readonly dtype: FloatDType;
  private readonly segmenter: SegmentingDiscriminator;
  private readonly optimiser: Adam;
  private readonly log: LossLog;

  /** @param options of the Cycle-GAN @throws CyclopsError unless its D_A judges pixels, and as `CycleGAN` */
  constructor(
    private readonly device: Device,
    private readonly options: CycleGANOptions,
  ) {
    const { seed, lr, betas, precision, ema = 0 } = options;
    if (precision === 'split') requireSplitProducts(device);
    this.networks = makeNetworks(device, options, seed, BESIDE_SEGMENTER);
    const { D_A } = this.networks;
    if (!isSegmenting(D_A))
      throw new CyclopsError('Only a discriminator that judges pixels (--netD unet) can be trained alone.');
    this.segmenter = D_A;
    this.lossScaler = precision === 'mixed' ? new LossScaler(device) : null;
    this.dtype = precision === 'mixed' ? 'f16' : 'f32';
    this.optimiser = new Adam(D_A.parameters(), { lr, betas, eps: 1e-8, scaler: this.lossScaler ?? undefined });
    this.discriminatorOptimisers = [this.optimiser];
    this.averages = ema > 0 ? [new MovingAverage(this.optimiser, ema)] : [];
    const none = () => new ImagePool(0, { uniform: () => 0 }, this.dtype);
    this.pools = { fakeB: none(), fakeA: none() };
    this.log = new LossLog(device);
  }

  set lr(lr: number) {
    this.optimiser.lr = (this.options.discriminatorRate ?? 1) * lr;
  }

  /**
   * One step, recorded on the device.
   *
   * @param domains images [M,H,W,C] in [−1, 1] of either domain, with the masks of A
   * @param batch images that a step of the Cycle-GAN has besides: each of these counts as much as one of them
   */
  step(domains: LabelledDomains, batch: number): void {
    const { precision } = this.options;
    if (precision === 'split') splitProducts(this.device, () => this.learn(domains, batch));
    else this.learn(domains, batch);
  }

  losses(): Promise<Losses[]> {
    return this.log.read();
  }

  dispose(): void {
    for (const network of Object.values(this.networks)) network.dispose();
    this.optimiser.dispose();
    for (const pool of Object.values(this.pools)) pool.dispose();
    for (const average of this.averages) average.dispose();
    this.lossScaler?.dispose();
    this.log.dispose();
  }

  private learn(domains: LabelledDomains, batch: number): void {
    scope(() => {
      this.log.beginStep();
      this.optimiser.zeroGrad();
      const ofAll = segmentationLoss(this.segmenter, castDomains(domains, this.dtype), this.options.defectsBySize);
      const loss = scale(ofAll, (domains.a.shape[0] ?? 0) / batch);
      backward([loss], this.lossScaler?.scale);
      this.optimiser.step();
      this.log.note({ D_A: loss });
      for (const average of this.averages) average.update();
      this.lossScaler?.update();
    });
  }
}
