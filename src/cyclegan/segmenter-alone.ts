import { scale } from '../autograd/scale.ts';
import { backward } from '../autograd/tape.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Adam } from '../optim/adam.ts';
import type { MovingAverage } from '../optim/moving-average.ts';
import { scope } from '../tensor/scope.ts';
import { Learner } from './learner.ts';
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
export class SegmenterAlone extends Learner {
  readonly networks: Networks;
  readonly generatorOptimiser = null;
  readonly discriminatorOptimisers: readonly Adam[];
  readonly averages: readonly MovingAverage[];
  /** Without images: there are no fakes. */
  readonly pools: Learner['pools'];
  private readonly segmenter: SegmentingDiscriminator;
  private readonly optimiser: Adam;

  /** @param options of the Cycle-GAN @throws CyclopsError unless its D_A judges pixels, and as `CycleGAN` */
  constructor(
    device: Device,
    private readonly options: CycleGANOptions,
  ) {
    super(device, options);
    this.networks = makeNetworks(device, options, options.seed, BESIDE_SEGMENTER);
    const { D_A } = this.networks;
    if (!isSegmenting(D_A))
      throw new CyclopsError('Only a discriminator that judges pixels (--netD unet) can be trained alone.');
    this.segmenter = D_A;
    this.optimiser = this.adam(D_A);
    this.discriminatorOptimisers = [this.optimiser];
    this.averages = this.averagesOf(this.optimiser);
    const none = () => new ImagePool(0, { uniform: () => 0 }, this.dtype);
    this.pools = { fakeB: none(), fakeA: none() };
  }

  /**
   * One step, recorded on the device.
   *
   * @param domains images [M,H,W,C] in [−1, 1] of either domain, with the masks of A
   * @param batch images that a step of the Cycle-GAN has besides: each of these counts as much as one of them
   */
  step(domains: LabelledDomains, batch: number): void {
    this.inPrecision(() => this.learn(domains, batch));
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
      this.endStep();
    });
  }
}
