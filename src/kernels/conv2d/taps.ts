/**
 * Convolutions of few channels on one side, such as the 7×7 layers from and to images: the taps of a line become channels of that side. A
 * 7×7 convolution of 3 channels is one of 7×1 taps and 24 channels, 21 of them with a tap, which fill the columns of kernels that are made
 * for many. To or from those channels an image is spread or gathered in a launch of its own. Bundles for pages leave them out, by
 * taps-in-page.ts in place of this file.
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from '../activation.ts';
import { flatGrid } from '../flat-grid.ts';
import { DTYPE_BYTES, type KernelSource, kernel } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';
import type { Variant } from '../variant.ts';
import type { ForwardArguments, InputGradArguments, WeightGradArguments } from './arguments.ts';
import { matrixTiles } from './matrix-tile.ts';
import { type ConvProblem, convImmediates, convSizes } from './problem.ts';
import { tiles } from './tile.ts';

/** Channels of the side whose taps become channels, at most. */
const MOST_THIN = 4;
/** Pixels along both sides of the square that a workgroup spreads or gathers. */
const SQUARE = 8;

/** The tiles of few columns, on GPUs. */
export const tapsTiles = tiles.filter(({ rows }) => rows === 64);
/** The same on matrix hardware. */
export const tapsMatrices = matrixTiles.filter(({ columns }) => columns <= 64);

const SPREAD = 'conv2d/taps-spread';
const GATHER = 'conv2d/taps-gather';
const WEIGHT = 'conv2d/taps-weight';
const WEIGHT_GRAD = 'conv2d/taps-weight-grad';

/** Whether the taps become channels of the output, else of the input. */
const ofOutput = ({ c, o }: ConvProblem) => o < c;

/** The channels that taps become, with some that none has, so that there are whole vec4s of them. */
const wide = (k: ConvProblem) => 4 * ceilDiv(k.kw * Math.min(k.c, k.o), 4);

/** The convolution along columns alone. Of an input the image is padded as it is spread; an output is spread over the padded image. */
function alongColumns(k: ConvProblem): ConvProblem {
  if (ofOutput(k)) return { ...k, kw: 1, q: k.w + 2 * k.padding, o: wide(k) };
  return { ...k, kw: 1, h: k.h + 2 * k.padding, w: k.q, c: wide(k), padding: 0, paddingMode: 'zeros' };
}

/** The side of few channels: x and its gradient, or y and its own. */
interface ThinSide {
  readonly c: number;
  /** Extents of the image, and of what it is spread over. */
  readonly size: readonly [lines: number, width: number];
  readonly over: readonly [rows: number, columns: number];
  readonly padding: number;
  /** Of the padding, what mirrors the image; the rest is zeros. */
  readonly mirrored: number;
  /** From a column to that of the image which its next tap sees. */
  readonly step: 1 | -1;
}

function thinSide(k: ConvProblem): ThinSide {
  const { h, w, c, p, q, o, padding, paddingMode } = k;
  const mirrored = paddingMode === 'reflect' ? padding : 0;
  return ofOutput(k)
    ? { c: o, size: [p, q], over: [p, w + 2 * padding], padding: 0, mirrored: 0, step: -1 }
    : { c, size: [h, w], over: [h + 2 * padding, q], padding, mirrored, step: 1 };
}

const squares = (device: Device, columns: number, lines: number) => {
  const down = Math.min(ceilDiv(lines, SQUARE), device.limits.maxComputeWorkgroupsPerDimension);
  return [ceilDiv(columns, SQUARE), down, 1] as const;
};

const movedBytes = ({ n, dtype }: ConvProblem, [lines, width]: ThinSide['size'], c: number, spread: number) =>
  DTYPE_BYTES[dtype] * n * (lines * width * c + spread);

/** An image of few channels, and its taps spread over more. */
interface Spreading {
  readonly image: BufferSlice;
  readonly spread: BufferSlice;
}

/** Writes x or dy, whichever has few channels, as the convolution along columns takes it. */
function spread(device: Device, k: ConvProblem, label: string, { image, spread: out }: Spreading): void {
  const { c, size, over, padding, mirrored, step } = thinSide(k);
  const [rows, columns] = over;
  device.launch({
    kernel: kernel(SPREAD, { C: c, TAPS: k.kw, PARTS: wide(k) / 4 }, { dtype: k.dtype }),
    bindings: [image, out],
    immediates: immediates(k.n, ...size, ...over, padding, padding, step, mirrored > 0 ? 1 : 0),
    workgroups: squares(device, columns, k.n * rows),
    label,
    repeatable: true,
    flops: 0,
    bytes: movedBytes(k, size, c, rows * columns * wide(k)),
  });
}

interface Gathering extends Spreading {
  readonly bias: BufferSlice | null;
  readonly activation: Activation;
  /** Added to the image, of whose shape it is. */
  readonly addend?: BufferSlice | undefined;
  /** Receives the padded image, mirrors and all, in place of `image`, and no bias. */
  readonly unfolded?: BufferSlice | undefined;
}

/** Adds up y or dx from what the convolution along columns, or its input gradient, leaves. */
function gather(device: Device, k: ConvProblem, label: string, gathering: Gathering): void {
  const side = thinSide(k);
  const { c, over, step } = side;
  const { image, spread: from, activation, addend, unfolded } = gathering;
  const [rows, columns] = over;
  const bias = unfolded ? null : gathering.bias;
  const { size, padding, mirrored } = unfolded
    ? { size: [rows, k.w + 2 * k.padding] as const, padding: 0, mirrored: 0 }
    : side;
  const [lines, width] = size;
  const constants = { BIAS: bias ? 1 : 0, ADDEND: addend ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] };
  device.launch({
    kernel: kernel(GATHER, { ...constants, C: c, TAPS: k.kw, CHANNELS: wide(k) }, { dtype: k.dtype }),
    bindings: [from, bias ?? from, addend ?? from, unfolded ?? image],
    immediates: immediates(k.n, ...size, ...over, padding, mirrored, -step),
    workgroups: squares(device, width, k.n * lines),
    label,
    flops: k.n * lines * width * c * k.kw,
    bytes: movedBytes(k, size, c, rows * columns * wide(k)),
  });
}

const weightConstants = (k: ConvProblem) => ({ OUTPUT: ofOutput(k) ? 1 : 0, WIDE: wide(k) });

/** Lends `use` what `fill` writes into a buffer of so many elements. */
function withFilled(
  device: Device,
  { dtype }: Pick<ConvProblem, 'dtype'>,
  count: number,
  fill: (target: BufferSlice) => void,
  use: (filled: BufferSlice) => void,
): void {
  withTemporary(device, DTYPE_BYTES[dtype] * count, (target) => {
    fill(target);
    use(target);
  });
}

/** Lends `use` the weight of the convolution along columns. */
function withWeight(
  device: Device,
  k: ConvProblem,
  label: string,
  weight: BufferSlice,
  use: (weight: BufferSlice) => void,
): void {
  const count = convSizes(alongColumns(k)).weight;
  const turn = (target: BufferSlice) =>
    device.launch({
      kernel: kernel(WEIGHT, weightConstants(k), { dtype: k.dtype }),
      bindings: [weight, target],
      immediates: convImmediates(k),
      workgroups: flatGrid(device, count),
      label,
      repeatable: true,
      flops: 0,
      bytes: DTYPE_BYTES[k.dtype] * (convSizes(k).weight + count),
    });
  withFilled(device, k, count, turn, use);
}

type Launch<Args> = Variant<ConvProblem, Args>['launch'];
type Variants<Args> = readonly Variant<ConvProblem, Args>[];

/** What the variants of all three operations have in common. */
function byTaps<Args>(
  variants: Variants<Args>,
  sources: readonly KernelSource[],
  launchBy: (launch: Launch<Args>) => Launch<Args>,
): Variants<Args> {
  return variants.map((inner) => ({
    ...inner,
    name: `taps_${inner.name}`.replace('taps_tiled', 'taps'),
    sources: [...sources, ...inner.sources],
    supports: (device, k) => {
      const product = alongColumns(k);
      const { x, y } = convSizes(product);
      const fits = DTYPE_BYTES[k.dtype] * Math.max(x, y) <= device.limits.maxStorageBufferBindingSize;
      return k.stride === 1 && k.kw > 1 && Math.min(k.c, k.o) <= MOST_THIN && fits && inner.supports(device, product);
    },
    launch: launchBy(inner.launch),
  }));
}

/** y = activation(conv(x, weight) + bias) by variants for many channels. */
export function tapsForward(variants: Variants<ForwardArguments>): Variants<ForwardArguments> {
  return byTaps(variants, [SPREAD, WEIGHT, GATHER], (launch) => (device, k, args) => {
    const label = 'conv2d.forward';
    const product = alongColumns(k);
    const { x, y } = convSizes(product);
    withWeight(device, k, label, args.weight, (weight) => {
      if (!ofOutput(k)) {
        const fill = (target: BufferSlice) => spread(device, k, label, { image: args.x, spread: target });
        return withFilled(device, k, x, fill, (taps) => launch(device, product, { ...args, x: taps, weight }));
      }
      const { y: image, bias, activation } = args;
      const fill = (target: BufferSlice) =>
        launch(device, product, { x: args.x, weight, bias: null, y: target, activation: 'none' });
      withFilled(device, k, y, fill, (taps) => gather(device, k, label, { image, spread: taps, bias, activation }));
    });
  });
}

/** dx = the gradient of conv(x, weight) with respect to x, plus a bias and an addend, by variants for many channels. */
export function tapsInputGrad(variants: Variants<InputGradArguments>): Variants<InputGradArguments> {
  return byTaps(variants, [SPREAD, WEIGHT, GATHER], (launch) => (device, k, args) => {
    const { dy, bias, addend, unfolded } = args;
    const label = 'conv2d.inputGrad';
    const product = alongColumns(k);
    const { x, y } = convSizes(product);
    withWeight(device, k, label, args.weight, (weight) => {
      if (ofOutput(k)) {
        const fill = (target: BufferSlice) => spread(device, k, label, { image: dy, spread: target });
        return withFilled(device, k, y, fill, (taps) => launch(device, product, { ...args, dy: taps, weight }));
      }
      const fill = (target: BufferSlice) => launch(device, product, { dy, weight, bias: null, dx: target });
      const gathering = { image: args.dx, bias, addend, unfolded, activation: 'none' } as const;
      withFilled(device, k, x, fill, (taps) => gather(device, k, label, { ...gathering, spread: taps }));
    });
  });
}

/** dw (+)= the gradient of conv(x, weight) with respect to weight, by variants for many channels. */
export function tapsWeightGrad(variants: Variants<WeightGradArguments>): Variants<WeightGradArguments> {
  return byTaps(variants, [SPREAD, WEIGHT_GRAD], (launch) => (device, k, { x, dy, dw, accumulate }) => {
    const label = 'conv2d.weightGrad';
    const product = alongColumns(k);
    const sizes = convSizes(product);
    const output = ofOutput(k);
    const fill = (target: BufferSlice) => spread(device, k, label, { image: output ? dy : x, spread: target });
    withFilled(device, k, output ? sizes.y : sizes.x, fill, (taps) => {
      const own = output ? { x, dy: taps } : { x: taps, dy };
      const turned = (target: BufferSlice) => launch(device, product, { ...own, dw: target, accumulate: false });
      withFilled(device, { dtype: 'f32' }, sizes.weight, turned, (wideGrad) =>
        device.launch({
          kernel: kernel(WEIGHT_GRAD, { ...weightConstants(k), ACCUMULATE: accumulate ? 1 : 0 }),
          bindings: [wideGrad, dw],
          immediates: convImmediates(k),
          workgroups: flatGrid(device, convSizes(k).weight),
          label,
          flops: 0,
          bytes: 4 * (convSizes(k).weight + sizes.weight),
        }),
      );
    });
  });
}
