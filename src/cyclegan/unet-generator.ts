import { relu } from '../autograd/activations/relu.ts';
import { tanh } from '../autograd/activations/tanh.ts';
import { concat } from '../autograd/concat.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { ConvTranspose2d } from '../layers/conv-transpose2d.ts';
import { Conv2d } from '../layers/conv2d.ts';
import { type Initialiser, normalInitialiser } from '../layers/init.ts';
import { InstanceNorm2d } from '../layers/instance-norm2d.ts';
import { Module } from '../layers/module.ts';
import { imageExtents } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Initialisation, requireWhole } from './networks.ts';

export interface UnetGeneratorOptions extends Initialisation {
  /** Channels of the images. */
  channels: number;
  /** Filters of the first layer; each level has twice as many, up to eight times. */
  ngf: number;
  /** Halvings of the resolution: 7 in the reference's unet_128, 8 in its unet_256. */
  levels: number;
}

/** What halves and doubles the resolution. */
const HALVING = { kernelSize: 4, stride: 2, padding: 1 } as const;

/**
 * The reference's U-Net generator without dropout: the resolution is halved level by level and doubled again, and each level joins what it saw on
 * the way down to what comes up. Instance norm without affine. x [N,H,W,channels] → [N,H,W,channels] in (−1, 1), for sides that are multiples
 * of 2^levels.
 *
 * @throws CyclopsError unless channels and ngf are whole numbers from 1 on, and levels one from 2 on
 *
 * Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", arXiv 1611.07004, appendix 6.1.1.
 */
export function unetGenerator(device: Device, options: UnetGeneratorOptions): Module {
  return new UnetGenerator(options, normalInitialiser(device, options));
}

class UnetGenerator extends Module {
  private readonly down: Conv2d;
  private readonly inner: Level;
  private readonly up: ConvTranspose2d;
  private readonly multiple: number;

  constructor({ channels, ngf, levels }: UnetGeneratorOptions, init: Initialiser) {
    super();
    for (const [name, value] of Object.entries({ channels, ngf })) requireWhole('generator', name, value, 1);
    requireWhole('generator', 'levels', levels, 2);
    this.multiple = 2 ** levels;
    const down = { ...HALVING, inChannels: channels, outChannels: ngf, activation: 'leaky_relu' } as const;
    const up = { ...HALVING, inChannels: 2 * ngf, outChannels: channels };
    this.down = this.addModule('model.model.0', new Conv2d(down, init));
    this.inner = this.addModule('model.model.1', new Level({ ngf, level: 1, levels }, init));
    this.up = this.addModule('model.model.3', new ConvTranspose2d(up, init));
  }

  forward(x: Tensor): Tensor {
    const { h, w } = imageExtents('The generator', x);
    const { multiple } = this;
    if (h % multiple !== 0 || w % multiple !== 0) {
      throw new CyclopsError(
        `The generator needs images whose height and width are multiples of ${multiple}; got ${h} × ${w} px (height × width). ` +
          'Resize or crop them.',
      );
    }
    const { device } = x;
    const down = device.within('model.model.0', () => this.down.forward(x));
    const joined = device.within('model.model.1', () => this.inner.forward(down));
    return device.within('model.model.3', () => tanh(this.up.forward(joined)));
  }
}

/** A level below the first, on what the one above made and activated by a leaky ReLU: that and what comes up again, both through a ReLU. */
class Level extends Module {
  private readonly down: Conv2d;
  /** None at the lowest level, whose outputs are not normalised on the way down. */
  private readonly inner: Level | null;
  private readonly up: ConvTranspose2d;
  private readonly upName: string;
  private readonly downNorm = new InstanceNorm2d({ activation: 'leaky_relu' });
  private readonly upNorm = new InstanceNorm2d({ activation: 'relu' });

  constructor({ ngf, level, levels }: { ngf: number; level: number; levels: number }, init: Initialiser) {
    super();
    const [outer, own] = [level - 1, level].map((of) => ngf * Math.min(2 ** of, 8)) as [number, number];
    const isLowest = level === levels - 1;
    const down = { ...HALVING, inChannels: outer, outChannels: own };
    const way = isLowest ? ({ activation: 'relu' } as const) : { deadBias: true };
    this.upName = isLowest ? 'model.3' : 'model.5';
    this.down = this.addModule('model.1', new Conv2d({ ...down, ...way }, init));
    this.inner = isLowest ? null : this.addModule('model.3', new Level({ ngf, level: level + 1, levels }, init));
    const up = { ...HALVING, inChannels: isLowest ? own : 2 * own, outChannels: outer, deadBias: true };
    this.up = this.addModule(this.upName, new ConvTranspose2d(up, init));
  }

  forward(x: Tensor): Tensor {
    const { device } = x;
    const { inner } = this;
    let lower = device.within('model.1', () => this.down.forward(x));
    if (inner) {
      const normal = device.within('model.2', () => this.downNorm.forward(lower));
      lower = device.within('model.3', () => inner.forward(normal));
    }
    const upper = device.within(this.upName, () => this.upNorm.forward(this.up.forward(lower)));
    // A ReLU of a leaky ReLU is that of what it was given.
    return concat([relu(x), upper], -1);
  }
}
