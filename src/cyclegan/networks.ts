import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { ConvTranspose2d } from '../layers/conv-transpose2d.ts';
import { Conv2d } from '../layers/conv2d.ts';
import { type Initialiser, normalInitialiser } from '../layers/init.ts';
import { Module } from '../layers/module.ts';
import { type NormName, type Norms, normsOf } from '../layers/norms.ts';
import { ResnetBlock } from '../layers/resnet-block.ts';
import { Sequential } from '../layers/sequential.ts';
import { imageExtents } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Where pixels lie. */
export const PIXELS: Field = { size: 1, stride: 1, offset: 0 };

/** Sides of a generator's images are multiples of this: it halves the size twice. */
export const SIDE_MULTIPLE = 4;

/** Where a network's first weights come from: N(0, 0.02), and N(1, 0.02) the factors of batch norms, of stream `stream` of `seed`. */
export interface Initialisation {
  seed: number;
  stream: number;
}

export interface GeneratorOptions extends Initialisation {
  /** Channels of the images: 3 for colour, 1 for gray. */
  channels: number;
  /** Filters of the first layer; the residual blocks have four times as many. */
  ngf: number;
  /** Residual blocks: the reference uses 9 from 128 px on, 6 below. */
  blocks: number;
}

export interface ResnetGeneratorOptions extends GeneratorOptions {
  /** Channels of the images that it makes; default those that it takes. */
  outChannels?: number;
  /** Default `instance`; with `batch` an image's translation depends, in training, on the others of its batch. */
  norm?: NormName;
}

export interface DiscriminatorOptions extends Initialisation {
  /** Channels of the images. */
  channels: number;
  /** Filters of the first layer. */
  ndf: number;
  /** Layers of stride 2: a patch is 16 px a side with 1, 34 with 2, 70 with 3, as in the reference. */
  layers: number;
}

export interface PatchDiscriminatorOptions extends DiscriminatorOptions {
  /** Default `instance`. */
  norm?: NormName;
}

/**
 * The reference's resnet generator: two halvings of the resolution, residual blocks, two doublings; instance norm without
 * affine, or batch norm. Fully convolutional: x [N,H,W,channels] → [N,H,W,outChannels] in (−1, 1), for any H and W that are
 * multiples of 4 and at least 8.
 *
 * @throws CyclopsError unless channels, outChannels and ngf are whole numbers from 1 on, and blocks one from 0 on, and for an unknown norm
 *
 * Source: Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", appendix 7.2.
 */
export function resnetGenerator(device: Device, options: ResnetGeneratorOptions): Generator {
  const init = normalInitialiser(device, options);
  return new ResnetGenerator(options, init, normsOf(options.norm ?? 'instance', device, init));
}

/**
 * The reference's PatchGAN discriminator: x [N,H,W,channels] → a map of logits [N,P,Q,1], one for each patch; with 3 layers
 * 64 px give 6 × 6, 256 px 30 × 30. Instance norm without affine, or batch norm.
 *
 * @throws CyclopsError unless channels, ndf and layers are whole numbers from 1 on, and for an unknown norm
 *
 * Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", appendix 6.1.2.
 */
export function patchDiscriminator(device: Device, options: PatchDiscriminatorOptions): Discriminator {
  const init = normalInitialiser(device, options);
  return new PatchDiscriminator(options, init, normsOf(options.norm ?? 'instance', device, init));
}

/** Where a layer's outputs [N,P,Q,·] lie in the image: which pixels decide about the one at [0, 0], and the step from one to the next. */
export interface Field {
  /** Side of the square of pixels that an output sees, its receptive field. */
  readonly size: number;
  /** From one output's field to the next, in pixels. */
  readonly stride: number;
  /** The middle of the first output's field, in pixels right of and below the middle of the first pixel. */
  readonly offset: number;
}

/** A network whose hidden layers can be looked at. */
export interface FeatureNetwork extends Module {
  /** What hidden layers make of images, first to last: [N,P,Q,·], activated. */
  hidden(x: Tensor): Tensor[];
  /** Where the outputs of each of these layers lie. */
  readonly hiddenFields: readonly Field[];
}

/** A network that translates images. Its hidden layers are those before the residual blocks. */
export type Generator = FeatureNetwork;

/** A network that judges images by what all of its hidden layers make of them. */
export interface Discriminator extends FeatureNetwork {
  /** The map of logits [N,P,Q,1] of such outputs; `forward(x)` is `judge(hidden(x))`. */
  judge(hidden: readonly Tensor[]): Tensor;
  /** Where the logits lie. */
  readonly field: Field;
}

/** How many numbers the state dict of a generator with instance norm holds. */
export function generatorParameters({ channels, ngf, blocks }: Omit<GeneratorOptions, keyof Initialisation>): number {
  const outer = convParameters(7, channels, ngf) + convParameters(7, ngf, channels);
  const down = convParameters(3, ngf, 2 * ngf) + convParameters(3, 2 * ngf, 4 * ngf);
  const up = convParameters(3, 4 * ngf, 2 * ngf) + convParameters(3, 2 * ngf, ngf);
  return outer + down + 2 * blocks * convParameters(3, 4 * ngf, 4 * ngf) + up;
}

/** How many numbers the state dict of a discriminator with instance norm holds. */
export function discriminatorParameters({
  channels,
  ndf,
  layers,
}: Omit<DiscriminatorOptions, keyof Initialisation>): number {
  const hidden = Array.from({ length: layers + 1 }, (_, layer) => discriminatorFilters(ndf, layer));
  const filters = [channels, ...hidden, 1];
  return filters.slice(1).reduce((sum, out, layer) => sum + convParameters(4, filters[layer] ?? 0, out), 0);
}

/** Weights and biases. */
export function convParameters(kernelSize: number, inChannels: number, outChannels: number): number {
  return (kernelSize ** 2 * inChannels + 1) * outChannels;
}

/** Of a hidden layer, counted from 0. */
export function discriminatorFilters(ndf: number, layer: number): number {
  return ndf * Math.min(2 ** layer, 8);
}

/** @throws CyclopsError unless channels, ndf and layers are whole numbers from 1 on */
export function requireDiscriminatorSizes(sizes: Pick<DiscriminatorOptions, 'channels' | 'ndf' | 'layers'>): void {
  for (const [name, value] of Object.entries(sizes)) requireWhole('discriminator', name, value, 1);
}

/** What the last hidden layer made of an image. @throws CyclopsError where there is none */
export function deepest(hidden: readonly Tensor[]): Tensor {
  const last = hidden.at(-1);
  if (last) return last;
  throw new CyclopsError('A discriminator judges what its hidden layers made of an image; got nothing.');
}

/** @throws CyclopsError unless it is a whole number from `least` on */
export function requireWhole(network: string, name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new CyclopsError(`The ${name} of a ${network} must be a whole number from ${least} on; got ${value}.`);
}

class ResnetGenerator extends Module implements Generator {
  readonly hiddenFields: readonly Field[];
  private readonly model: Sequential;

  constructor(
    { channels, outChannels = channels, ngf, blocks }: ResnetGeneratorOptions,
    init: Initialiser,
    norms: Norms,
  ) {
    super();
    requireWhole('generator', 'channels', channels, 1);
    requireWhole('generator', 'outChannels', outChannels, 1);
    requireWhole('generator', 'ngf', ngf, 1);
    requireWhole('generator', 'blocks', blocks, 0);
    const { convolution } = norms;
    const norm = (filters: number) => norms.make(filters, 'relu');
    const outer = { kernelSize: 7, padding: 3, paddingMode: 'reflect' } as const;
    const down = { kernelSize: 3, stride: 2, padding: 1, ...convolution };
    const up = { ...down, outputPadding: 1 };
    const stem = new Conv2d({ ...outer, inChannels: channels, outChannels: ngf, ...convolution }, init);
    const layers: [string, Module][] = [
      ['1', stem],
      ['2', norm(ngf)],
      ['4', new Conv2d({ ...down, inChannels: ngf, outChannels: 2 * ngf }, init)],
      ['5', norm(2 * ngf)],
      ['7', new Conv2d({ ...down, inChannels: 2 * ngf, outChannels: 4 * ngf }, init)],
      ['8', norm(4 * ngf)],
    ];
    const stemField = convField(PIXELS, { ...outer, stride: 1 });
    const halved = convField(stemField, down);
    this.hiddenFields = [stemField, halved, convField(halved, down)];
    for (let block = 0; block < blocks; block++) layers.push([`${10 + block}`, new ResnetBlock(4 * ngf, init, norms)]);
    const next = 10 + blocks;
    layers.push(
      [`${next}`, new ConvTranspose2d({ ...up, inChannels: 4 * ngf, outChannels: 2 * ngf }, init)],
      [`${next + 1}`, norm(2 * ngf)],
      [`${next + 3}`, new ConvTranspose2d({ ...up, inChannels: 2 * ngf, outChannels: ngf }, init)],
      [`${next + 4}`, norm(ngf)],
      [`${next + 7}`, new Conv2d({ ...outer, inChannels: ngf, outChannels, activation: 'tanh' }, init)],
    );
    this.model = this.addModule('model', new Sequential(layers));
  }

  forward(x: Tensor): Tensor {
    requireGeneratorSize(x);
    return x.device.within('model', () => this.model.forward(x));
  }

  hidden(x: Tensor): Tensor[] {
    requireGeneratorSize(x);
    const outputs = x.device.within('model', () => this.model.outputs(x, 2 * this.hiddenFields.length));
    // Each convolution is followed by its norm.
    return outputs.filter((_, i) => i % 2 === 1);
  }
}

function requireGeneratorSize(x: Tensor): void {
  const { h, w } = imageExtents('The generator', x);
  if (h % SIDE_MULTIPLE !== 0 || w % SIDE_MULTIPLE !== 0 || h < 8 || w < 8) {
    throw new CyclopsError(
      `The generator needs images whose height and width are multiples of 4 and at least 8 px; got ${h} × ${w} px ` +
        `(height × width). Resize or crop them, e.g. to ${nearestSize(h)} × ${nearestSize(w)} px.`,
    );
  }
}

function nearestSize(extent: number): number {
  return Math.max(8, SIDE_MULTIPLE * Math.round(extent / SIDE_MULTIPLE));
}

/** Where the outputs of a convolution lie, given where its inputs do. */
export function convField(
  of: Field,
  { kernelSize, stride, padding }: Record<'kernelSize' | 'stride' | 'padding', number>,
): Field {
  return {
    size: of.size + (kernelSize - 1) * of.stride,
    stride: of.stride * stride,
    offset: of.offset + of.stride * ((kernelSize - 1) / 2 - padding),
  };
}

class PatchDiscriminator extends Module implements Discriminator {
  readonly hiddenFields: readonly Field[];
  readonly field: Field;
  private readonly layers: Sequential;
  private readonly head: { readonly name: string; readonly layer: Module };
  private readonly smallest: number;

  constructor({ channels, ndf, layers: halvings }: DiscriminatorOptions, init: Initialiser, norms: Norms) {
    super();
    requireDiscriminatorSizes({ channels, ndf, layers: halvings });
    const shape = { kernelSize: 4, padding: 1 };
    const filters = (layer: number) => discriminatorFilters(ndf, layer);
    const stem = { ...shape, stride: 2, inChannels: channels, outChannels: ndf, activation: 'leaky_relu' } as const;
    const layers: [string, Module][] = [['0', new Conv2d(stem, init)]];
    const fields = [convField(PIXELS, stem)];
    for (let layer = 1; layer <= halvings; layer++) {
      const stride = layer < halvings ? 2 : 1;
      const outChannels = filters(layer);
      const inner = { ...shape, stride, inChannels: filters(layer - 1), outChannels, ...norms.convolution };
      layers.push([`${3 * layer - 1}`, new Conv2d(inner, init)]);
      layers.push([`${3 * layer}`, norms.make(outChannels, 'leaky_relu')]);
      fields.push(convField(fields.at(-1) ?? PIXELS, inner));
    }
    this.layers = this.addModule('model', new Sequential(layers));
    this.hiddenFields = fields;
    this.field = convField(fields.at(-1) ?? PIXELS, { ...shape, stride: 1 });
    const name = `model.${3 * halvings + 2}`;
    const head = new Conv2d({ ...shape, inChannels: filters(halvings), outChannels: 1 }, init);
    this.head = { name, layer: this.addModule(name, head) };
    // The two layers of stride 1 each take one pixel off.
    this.smallest = 3 * 2 ** halvings;
  }

  forward(x: Tensor): Tensor {
    return this.judge(this.hidden(x));
  }

  hidden(x: Tensor): Tensor[] {
    const { h, w } = imageExtents('The discriminator', x);
    if (h < this.smallest || w < this.smallest) {
      throw new CyclopsError(
        `The discriminator needs images of at least ${this.smallest} px a side; got ${h} × ${w} px (height × width). ` +
          'Use larger images or crops.',
      );
    }
    // Of a convolution and its norm, the norm's output counts; the first convolution has none.
    return x.device.within('model', () => this.layers.outputs(x)).filter((_, i) => i % 2 === 0);
  }

  judge(hidden: readonly Tensor[]): Tensor {
    const { name, layer } = this.head;
    const last = deepest(hidden);
    return last.device.within(name, () => layer.forward(last));
  }
}
