/** What is timed: the columns of the table, and the networks, weights and images that every contender computes with. */
import { RandomStream } from '../../src/tensor/random.ts';

export const COLUMNS = ['conv64', 'conv256', 'convT', 'inorm', 'generator', 'step'] as const;
export type Column = (typeof COLUMNS)[number];
/** Columns that only go forward. */
export type ForwardColumn = Exclude<Column, 'step'>;

export interface Convolution {
  kind: 'conv' | 'convTranspose';
  /** As in the reference's state dict. */
  name: string;
  kernel: number;
  stride: number;
  padding: number;
  outputPadding: number;
  /** Pads by reflection instead of zeros. */
  reflect: boolean;
  inChannels: number;
  outChannels: number;
  /** False where an instance norm follows, which takes the bias away again: nobody spends time on those. */
  bias: boolean;
}

export type Layer =
  | Convolution
  /** Instance norm without affine, ε = 1e-5, biased variance. */
  | { kind: 'norm' }
  | { kind: 'relu' | 'leakyRelu' | 'tanh' }
  /** x + layers(x) */
  | { kind: 'residual'; layers: readonly Layer[] };

export const NORM_EPS = 1e-5;
export const LEAKY_SLOPE = 0.2;

/** One training step: LSGAN, as in Zhu et al., with batch 1. */
export const TRAINING = {
  ...({ channels: 3, ngf: 32, ndf: 32, blocks: 6, discriminatorLayers: 3, size: 64 } as const),
  ...({ lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, lr: 2e-4, betas: [0.5, 0.999], eps: 1e-8 } as const),
};

const convolution = (
  name: string,
  kernel: number,
  [inChannels, outChannels]: readonly [number, number],
  rest: Partial<Convolution> = {},
): Convolution => ({
  ...{ kind: 'conv', name, kernel, stride: 1, padding: 1, outputPadding: 0, reflect: false, inChannels, outChannels },
  ...{ bias: false, ...rest },
});

const norm: Layer = { kind: 'norm' };
const relu: Layer = { kind: 'relu' };
const leakyRelu: Layer = { kind: 'leakyRelu' };

/** The reference's resnet generator. */
function generatorLayers(channels: number, ngf: number, blocks: number): Layer[] {
  const outer = { padding: 3, reflect: true };
  const up = { kind: 'convTranspose', stride: 2, outputPadding: 1 } as const;
  const inner = (name: string) => convolution(name, 3, [4 * ngf, 4 * ngf], { reflect: true });
  const block = (index: number): Layer => ({
    kind: 'residual',
    layers: [inner(`model.${index}.conv_block.1`), norm, relu, inner(`model.${index}.conv_block.5`), norm],
  });
  const next = 10 + blocks;
  return [
    ...[convolution('model.1', 7, [channels, ngf], outer), norm, relu],
    ...[convolution('model.4', 3, [ngf, 2 * ngf], { stride: 2 }), norm, relu],
    ...[convolution('model.7', 3, [2 * ngf, 4 * ngf], { stride: 2 }), norm, relu],
    ...Array.from({ length: blocks }, (_, i) => block(10 + i)),
    ...[convolution(`model.${next}`, 3, [4 * ngf, 2 * ngf], up), norm, relu],
    ...[convolution(`model.${next + 3}`, 3, [2 * ngf, ngf], up), norm, relu],
    ...[convolution(`model.${next + 7}`, 7, [ngf, channels], { ...outer, bias: true }), { kind: 'tanh' } as const],
  ];
}

/** The reference's 70×70 PatchGAN. */
function discriminatorLayers(channels: number, ndf: number): Layer[] {
  const down = { stride: 2 };
  return [
    ...[convolution('model.0', 4, [channels, ndf], { ...down, bias: true }), leakyRelu],
    ...[convolution('model.2', 4, [ndf, 2 * ndf], down), norm, leakyRelu],
    ...[convolution('model.5', 4, [2 * ndf, 4 * ndf], down), norm, leakyRelu],
    ...[convolution('model.8', 4, [4 * ndf, 8 * ndf]), norm, leakyRelu],
    convolution('model.11', 4, [8 * ndf, 1], { bias: true }),
  ];
}

export const GENERATOR: readonly Layer[] = generatorLayers(TRAINING.channels, TRAINING.ngf, TRAINING.blocks);
export const DISCRIMINATOR: readonly Layer[] = discriminatorLayers(TRAINING.channels, TRAINING.ndf);

export interface ForwardProblem {
  layers: readonly Layer[];
  /** Side and channels of the one input image. */
  size: number;
  channels: number;
}

/** The forward columns as networks, most of them of one layer. */
export const FORWARD: Readonly<Record<ForwardColumn, ForwardProblem>> = {
  conv64: { layers: [convolution('conv', 3, [64, 64])], size: 64, channels: 64 },
  conv256: { layers: [convolution('conv', 3, [256, 256])], size: 64, channels: 256 },
  convT: {
    layers: [convolution('conv', 3, [256, 128], { kind: 'convTranspose', stride: 2, outputPadding: 1 })],
    ...{ size: 32, channels: 256 },
  },
  inorm: { layers: [norm], size: 128, channels: 64 },
  generator: { layers: GENERATOR, size: TRAINING.size, channels: TRAINING.channels },
};

/** Uniform in [−limit, limit). */
function uniform(stream: number, count: number, limit: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(3, stream);
  return Float32Array.from({ length: count }, () => (2 * random.uniform() - 1) * limit);
}

/** Image `index` [1, size, size, channels] with values in [−1, 1), row-major. */
export function image(index: number, size: number, channels: number): Float32Array<ArrayBuffer> {
  return uniform(index, size * size * channels, 1);
}

/** A parameter in the reference's layout: OIHW, or IOHW for a transposed convolution; biases [O]. */
export interface Parameter {
  shape: readonly number[];
  data: Float32Array<ArrayBuffer>;
}

export function convolutions(layers: readonly Layer[]): Convolution[] {
  return layers.flatMap((layer) => {
    if (layer.kind === 'residual') return convolutions(layer.layers);
    return layer.kind === 'conv' || layer.kind === 'convTranspose' ? [layer] : [];
  });
}

/** Weights and biases by their names in the reference's state dict; networks that differ in `index` differ in values. */
export function parameters(layers: readonly Layer[], index: number): Map<string, Parameter> {
  // A standard deviation of 0.02, as the reference starts from.
  const limit = 0.02 * Math.sqrt(3);
  let stream = 1000 * (1 + index);
  const found = new Map<string, Parameter>();
  for (const { kind, name, kernel, inChannels, outChannels, bias } of convolutions(layers)) {
    const channels = kind === 'conv' ? [outChannels, inChannels] : [inChannels, outChannels];
    const data = uniform(stream++, inChannels * outChannels * kernel * kernel, limit);
    found.set(`${name}.weight`, { shape: [...channels, kernel, kernel], data });
    if (bias) found.set(`${name}.bias`, { shape: [outChannels], data: uniform(stream++, outChannels, limit) });
  }
  return found;
}
