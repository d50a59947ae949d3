import { add } from '../autograd/add.ts';
import { concatBatch } from '../autograd/concat-batch.ts';
import { l1Loss } from '../autograd/losses/l1-loss.ts';
import { scale } from '../autograd/scale.ts';
import { splitBatch } from '../autograd/split-batch.ts';
import { backward, detach, noGrad } from '../autograd/tape.ts';
import type { Device } from '../gpu/device.ts';
import type { Adam } from '../optim/adam.ts';
import type { MovingAverage } from '../optim/moving-average.ts';
import { cast } from '../tensor/cast.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { GanMode } from './config.ts';
import { Learner, type LearnerOptions } from './learner.ts';
import { ganLoss, type Losses } from './losses.ts';
import type { NetworkName } from './network-names.ts';
import { type Architecture, makeNetworks, type Networks } from './network-set.ts';
import { ImagePool, type UniformSource } from './pool.ts';
import { castDomains, type Domains, type LabelledDomains, segmentationLoss } from './segmentation-loss.ts';
import { isSegmenting } from './unet-discriminator.ts';

export interface CycleGANOptions extends Architecture, LearnerOptions {
  /** Weight of |G_B(G_A(a)) − a|. */
  lambdaA: number;
  /** Weight of |G_A(G_B(b)) − b|. */
  lambdaB: number;
  /** Weight of |G_A(x) − n| over pairs of an image x with a made defect and the normal image n that it was made of; 0 unless told otherwise. */
  lambdaPaired?: number;
  /** Weight of the identity losses, relative to the λ of their domain; 0 saves their two forward passes. */
  lambdaIdentity: number;
  ganMode: GanMode;
  /** Images in each of the two pools of fakes; 0 = off. */
  poolSize: number;
  /** One Adam for both discriminators, as in the reference, or one for each. */
  discriminatorOptimisers: 'shared' | 'separate';
  /** Whether pixels of small defects count more for a segmenter; not unless told otherwise. */
  defectsBySize?: boolean;
  seed: number;
}

/** Both sides' generated images, cut off from the generators. */
type Fakes = { fakeA: Tensor; fakeB: Tensor };

/** What a step may learn from besides one batch of either domain. */
export interface FurtherImages {
  /** From which the discriminators learn what tells the domains apart. */
  domains?: LabelledDomains | undefined;
  /** Images with made defects, and the normal images that they were made of. */
  pairs?: Domains | undefined;
}

/**
 * A Cycle-GAN between domain A (here: abnormal images) and domain B (normal images), with the names of the reference: G_A
 * makes B of A, D_A tells B from what G_A makes, and the other way round.
 *
 * Source: Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", §3 and §4.
 */
export class CycleGAN extends Learner {
  readonly networks: Networks;
  readonly generatorOptimiser: Adam;
  readonly discriminatorOptimisers: readonly Adam[];
  readonly averages: readonly MovingAverage[];
  readonly pools: Learner['pools'];

  /**
   * @param random drawn from by the image pools; in a step first by that of fake B, then by that of fake A
   * @throws UnsupportedError when the device cannot compute in this precision
   */
  constructor(
    device: Device,
    private readonly options: CycleGANOptions,
    random: UniformSource,
  ) {
    super(device, options);
    this.networks = makeNetworks(device, options, options.seed);
    const { G_A, G_B, D_A, D_B } = this.networks;
    this.generatorOptimiser = this.adam(G_A, G_B);
    this.discriminatorOptimisers =
      options.discriminatorOptimisers === 'shared' ? [this.adam(D_A, D_B)] : [this.adam(D_A), this.adam(D_B)];
    this.averages = this.averagesOf(this.generatorOptimiser, ...this.discriminatorOptimisers);
    const pool = () => new ImagePool(options.poolSize, random, this.dtype);
    this.pools = { fakeB: pool(), fakeA: pool() };
  }

  /**
   * One step of training, recorded on the device: both generators with the discriminators frozen, then the discriminators
   * on real images and on pooled fakes that were made before the generators' update.
   *
   * @param a @param b images [N,H,W,C] in [−1, 1], f32 or f16
   * @param further more images, [M,H,W,C] each
   */
  step(a: Tensor, b: Tensor, further: FurtherImages = {}): void {
    this.inPrecision(() => this.stepAll(a, b, further));
  }

  private stepAll(a: Tensor, b: Tensor, { domains, pairs }: FurtherImages): void {
    scope(() => {
      this.log.beginStep();
      const [realA, realB] = [cast(a, this.dtype), cast(b, this.dtype)];
      const fakes = scope(() => this.stepGenerators(realA, realB, pairs && castDomains(pairs, this.dtype)));
      this.stepDiscriminators(realA, realB, fakes, domains && castDomains(domains, this.dtype));
      this.endStep();
    });
  }

  private stepGenerators(realA: Tensor, realB: Tensor, pairs?: Domains): Fakes {
    const { lambdaA, lambdaB, lambdaIdentity, lambdaPaired = 0, ganMode } = this.options;
    const { D_A, D_B } = this.networks;
    for (const frozen of [D_A, D_B]) frozen.setRequiresGrad(false);
    const [fakeB, sameB] = this.translate('G_A', realA, realB);
    const [fakeA, sameA] = this.translate('G_B', realB, realA);
    const recA = this.forward('G_B', fakeB);
    const recB = this.forward('G_A', fakeA);
    const losses: Partial<Record<keyof Losses, Tensor>> = {
      G_A: ganLoss(this.forward('D_A', fakeB), 'real', ganMode),
      G_B: ganLoss(this.forward('D_B', fakeA), 'real', ganMode),
      cycle_A: l1Loss(recA, realA, lambdaA),
      cycle_B: l1Loss(recB, realB, lambdaB),
      ...(sameB && { idt_A: l1Loss(sameB, realB, lambdaB * lambdaIdentity) }),
      ...(pairs && { paired: l1Loss(this.forward('G_A', pairs.a), pairs.b, lambdaPaired) }),
      ...(sameA && { idt_B: l1Loss(sameA, realA, lambdaA * lambdaIdentity) }),
    };
    this.generatorOptimiser.zeroGrad();
    backward(Object.values(losses), this.lossScaler?.scale);
    this.generatorOptimiser.step();
    this.log.note(losses);
    for (const thawed of [D_A, D_B]) thawed.setRequiresGrad(true);
    return { fakeA: detach(fakeA), fakeB: detach(fakeB) };
  }

  /** Runs a network, whose launches then bear its name. */
  private forward(name: NetworkName, x: Tensor): Tensor {
    return x.device.within(name, () => this.networks[name].forward(x));
  }

  /** What a generator makes of `source`, and of `target`, which it should leave as it is; both in one pass. */
  private translate(generator: 'G_A' | 'G_B', source: Tensor, target: Tensor): [fake: Tensor, same?: Tensor] {
    if (this.options.lambdaIdentity === 0) return [this.forward(generator, source)];
    return splitBatch(this.forward(generator, concatBatch(source, target)), imagesOf(source));
  }

  private stepDiscriminators(realA: Tensor, realB: Tensor, { fakeA, fakeB }: Fakes, domains?: LabelledDomains): void {
    for (const optimiser of this.discriminatorOptimisers) optimiser.zeroGrad();
    const losses = {
      D_A: this.discriminatorLoss('D_A', realB, this.pools.fakeB.query(fakeB)),
      D_B: this.discriminatorLoss('D_B', realA, this.pools.fakeA.query(fakeA)),
    };
    if (domains) {
      // Real images of the other domain are no better than generated ones: a generator cannot pass by leaving its input as it is.
      // Each image counts as much as one of the step's own.
      const weight = imagesOf(domains.a) / imagesOf(realA);
      const { a, b } = domains;
      const { D_A } = this.networks;
      if (isSegmenting(D_A)) {
        losses.D_A = add(losses.D_A, scale(segmentationLoss(D_A, domains, this.options.defectsBySize), weight));
      } else {
        losses.D_A = add(losses.D_A, scale(this.discriminatorLoss('D_A', b, a), weight));
        losses.D_B = add(losses.D_B, scale(this.discriminatorLoss('D_B', a, b), weight));
      }
    }
    backward([losses.D_A, losses.D_B], this.lossScaler?.scale);
    for (const optimiser of this.discriminatorOptimisers) optimiser.step();
    this.log.note(losses);
  }

  /**
   * Half the sum of both losses, so that a discriminator learns more slowly than the generators; in one pass. Of a segmenter only the head
   * learns from what is generated: its hidden layers would look for the generators' traces, and no more for defects.
   */
  private discriminatorLoss(name: 'D_A' | 'D_B', real: Tensor, fake: Tensor): Tensor {
    const discriminator = this.networks[name];
    const shown = concatBatch(real, fake);
    const predictions = isSegmenting(discriminator)
      ? shown.device.within(name, () => discriminator.judge(noGrad(() => discriminator.hidden(shown))))
      : this.forward(name, shown);
    return ganLoss(predictions, 'real, then fake', this.options.ganMode);
  }
}

function imagesOf({ shape }: Tensor): number {
  return shape[0] ?? 0;
}
