import { convTranspose2d } from '../autograd/conv-transpose2d.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { ConvTranspose2d } from '../layers/conv-transpose2d.ts';
import { Conv2d, type Conv2dLayerOptions } from '../layers/conv2d.ts';
import { type Initialiser, normalInitialiser } from '../layers/init.ts';
import { InstanceNorm2d } from '../layers/instance-norm2d.ts';
import { Module } from '../layers/module.ts';
import { imageExtents } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  convField,
  convParameters,
  type Discriminator,
  type DiscriminatorOptions,
  deepest,
  discriminatorFilters,
  type Field,
  type Initialisation,
  PIXELS,
  requireDiscriminatorSizes,
} from './networks.ts';

/** A discriminator that also judges every pixel. */
export interface SegmentingDiscriminator extends Discriminator {
  /** A logit for each pixel, [N,H,W,1], of what `hidden` made of the image. */
  pixels(hidden: readonly Tensor[]): Tensor;
}

/** The smallest side of what it judges: its deepest layer then has 3 × 3 outputs. */
const SMALLEST_SIDE = 24;

/**
 * An encoder–decoder that judges an image patch by patch, from its deepest layer, and pixel by pixel. The stem halves the resolution, as a
 * PatchGAN's does; each level of the encoder halves it again and doubles the filters; the decoder doubles the resolution and adds what the
 * encoder had there, up to that of the stem, from which the pixels come: on few channels at full resolution neither CPUs nor GPUs are fast.
 *
 * x [N,H,W,channels], sides even and at least 24 px → patches [N,⌈H/2^layers⌉,⌈W/2^layers⌉,1], pixels [N,H,W,1]
 *
 * @throws CyclopsError unless channels, ndf and layers are whole numbers from 1 on
 *
 * Sources: Schönfeld, Schiele, Khoreva, "A U-Net Based Discriminator for Generative Adversarial Networks", CVPR 2020; skips that are added:
 * Chaurasia, Culurciello, "LinkNet: Exploiting Encoder Representations for Efficient Semantic Segmentation", 2017.
 */
export function unetDiscriminator(device: Device, options: DiscriminatorOptions): SegmentingDiscriminator {
  return new UnetDiscriminator(options, normalInitialiser(device, options));
}

export function isSegmenting<T extends object>(discriminator: T): discriminator is T & SegmentingDiscriminator {
  return 'pixels' in discriminator;
}

/** How many numbers its state dict holds. */
export function unetParameters({ channels, ndf, layers }: Omit<DiscriminatorOptions, keyof Initialisation>): number {
  const filters = (level: number) => discriminatorFilters(ndf, level);
  const levels = Array.from({ length: layers - 1 }, (_, level) => {
    const [fine, coarse] = [filters(level), filters(level + 1)];
    const encoder = convParameters(3, fine, coarse) + convParameters(3, coarse, coarse);
    return encoder + convParameters(3, coarse, fine) + convParameters(3, fine, fine);
  });
  const heads = convParameters(3, filters(layers - 1), 1) + convParameters(4, ndf, 1);
  return convParameters(4, channels, ndf) + levels.reduce((sum, level) => sum + level, 0) + heads;
}

class UnetDiscriminator extends Module implements SegmentingDiscriminator {
  readonly hiddenFields: readonly Field[];
  readonly field: Field;
  private readonly stem: Conv2d;
  /** From fine to coarse. */
  private readonly levels: readonly { halve: Conv2d; encode: Conv2d; double: Doubling; decode: Conv2d }[];
  private readonly norm = new InstanceNorm2d({ activation: 'leaky_relu' });
  private readonly patchHead: Conv2d;
  private readonly pixelHead: ConvTranspose2d;

  constructor({ channels, ndf, layers }: DiscriminatorOptions, init: Initialiser) {
    super();
    requireDiscriminatorSizes({ channels, ndf, layers });
    const halving = { kernelSize: 4, stride: 2, padding: 1 };
    const conv = (
      name: string,
      options: Pick<Conv2dLayerOptions, 'inChannels' | 'outChannels' | 'stride' | 'activation' | 'deadBias'>,
    ) => this.addModule(name, new Conv2d({ ...options, kernelSize: 3, padding: 1 }, init));
    const stem = { ...halving, inChannels: channels, outChannels: ndf, activation: 'leaky_relu' } as const;
    this.stem = this.addModule('stem', new Conv2d(stem, init));
    this.levels = Array.from({ length: layers - 1 }, (_, level) => {
      const [fine, coarse] = [discriminatorFilters(ndf, level), discriminatorFilters(ndf, level + 1)];
      return {
        halve: conv(`halve${level + 1}`, { inChannels: fine, outChannels: coarse, stride: 2, deadBias: true }),
        encode: conv(`encode${level + 1}`, { inChannels: coarse, outChannels: coarse, deadBias: true }),
        double: this.addModule(`double${level + 1}`, new Doubling(coarse, fine, init)),
        decode: conv(`decode${level + 1}`, { inChannels: fine, outChannels: fine, deadBias: true }),
      };
    });
    this.patchHead = conv('patches', { inChannels: discriminatorFilters(ndf, layers - 1), outChannels: 1 });
    const pixels = { ...halving, inChannels: ndf, outChannels: 1 };
    this.pixelHead = this.addModule('pixels', new ConvTranspose2d(pixels, init));
    const after = (of: Field, stride: number) => convField(of, { kernelSize: 3, stride, padding: 1 });
    const fields = [convField(PIXELS, halving)];
    for (const _ of this.levels) fields.push(after(after(fields.at(-1) ?? PIXELS, 2), 1));
    this.hiddenFields = fields;
    this.field = after(fields.at(-1) ?? PIXELS, 1);
  }

  forward(x: Tensor): Tensor {
    return this.judge(this.hidden(x));
  }

  /** Of the stem, then of each level of the encoder. */
  hidden(x: Tensor): Tensor[] {
    const { h, w } = imageExtents('The discriminator', x);
    if (Math.min(h, w) < SMALLEST_SIDE || h % 2 !== 0 || w % 2 !== 0) {
      throw new CyclopsError(
        `The discriminator needs images of even sides of at least ${SMALLEST_SIDE} px; got ${h} × ${w} px (height × width). ` +
          'Use other images or crops.',
      );
    }
    const made = [x.device.within('stem', () => this.stem.forward(x))];
    for (const [level, { halve, encode }] of this.levels.entries()) {
      const halved = this.normalised(`halve${level + 1}`, halve, made[level] ?? x);
      made.push(this.normalised(`encode${level + 1}`, encode, halved));
    }
    return made;
  }

  judge(hidden: readonly Tensor[]): Tensor {
    const coarsest = deepest(hidden);
    return coarsest.device.within('patches', () => this.patchHead.forward(coarsest));
  }

  pixels(hidden: readonly Tensor[]): Tensor {
    let made = deepest(hidden);
    for (const [level, { double, decode }] of [...this.levels.entries()].reverse()) {
      const [coarser, finer] = [made, hidden[level] ?? made];
      const joined = made.device.within(`double${level + 1}`, () => double.forward(coarser, finer));
      made = this.normalised(`decode${level + 1}`, decode, joined);
    }
    const finest = made;
    return finest.device.within('pixels', () => this.pixelHead.forward(finest));
  }

  private normalised(name: string, conv: Conv2d, x: Tensor): Tensor {
    return x.device.within(name, () => this.norm.forward(conv.forward(x)));
  }
}

/** A transposed convolution 3 × 3 to the size of a finer map, of which x is the half, rounded up; its norm; and that map added. */
class Doubling extends Module {
  private readonly weight: Tensor;
  private readonly norm = new InstanceNorm2d();

  constructor(inChannels: number, outChannels: number, init: Initialiser) {
    super();
    this.weight = this.addParameter('weight', init.weight([3, 3, outChannels, inChannels]));
    this.addParameter('bias', init.bias([outChannels]));
  }

  forward(x: Tensor, finer: Tensor = x): Tensor {
    const [, height = 0, width = 0] = finer.shape;
    const outputPadding = [1 - (height % 2), 1 - (width % 2)] as const;
    return this.norm.forward(convTranspose2d(x, this.weight, null, { stride: 2, padding: 1, outputPadding }), finer);
  }
}
