/**
 * Winograd's F(2×2, 3×3) and F(4×4, 3×3): a 3×3 convolution of stride 1 as 16 or 36 products of matrices, one for each place of the transform
 * of its tiles of 2 × 2 or 4 × 4 outputs. That is 4 or 2.25 multiplications an output instead of 9, and transforms before and after. In f32
 * alone: sums of pixels in f16 would lose more than the products do.
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates, type Launch } from '../../gpu/launch.ts';
import { ACTIVATION_CODES } from '../activation.ts';
import { flatGrid } from '../flat-grid.ts';
import { type KernelSource, kernel } from '../source.ts';
import { withParts } from '../sum-parts.ts';
import type { Variant } from '../variant.ts';
import type { ForwardArguments, ImagesAndGradient, InputGradArguments, WeightGradArguments } from './arguments.ts';
import { batchMatmul, type MatmulProblem } from './batch-matmul.ts';
import { FOLD_TILES } from './padded-gradient.ts';
import { type ConvProblem, convFlops, convImmediates, convSizes } from './problem.ts';
import { type Winograd, winograds } from './winograd-forms.ts';

/** Places of the transform of a tile, each with a product of its own. */
const places = ({ tile }: Winograd) => (tile + 2) ** 2;
/**
 * Below so many channels the transforms take a CPU about as long as the products save. Chance would decide which variant wins, and so
 * which bits a run gets.
 */
const CPU_CHANNELS = 128;

export const tileCount = ({ tile }: Winograd, { n, p, q }: ConvProblem) => n * ceilDiv(p, tile) * ceilDiv(q, tile);

const forwardProduct = (form: Winograd, k: ConvProblem): MatmulProblem => ({
  batch: places(form),
  rows: tileCount(form, k),
  depth: k.c,
  columns: k.o,
});

const inputGradProduct = (form: Winograd, k: ConvProblem): MatmulProblem => ({
  ...forwardProduct(form, k),
  depth: k.o,
  columns: k.c,
  transposed: true,
});

export const weightGradProduct = (form: Winograd, k: ConvProblem): MatmulProblem => ({
  batch: places(form),
  rows: k.c,
  depth: tileCount(form, k),
  columns: k.o,
  depthFirst: true,
});

interface Transform extends Pick<Launch, 'label' | 'kernel' | 'bindings' | 'immediates' | 'repeatable'> {
  readonly invocations: number;
  /** Elements that are read and written in all. */
  readonly moved: number;
}

function transform(device: Device, { invocations, moved, ...own }: Transform): void {
  device.launch({ ...own, workgroups: flatGrid(device, invocations), flops: 0, bytes: 4 * moved });
}

/** What is transformed as a whole, before the products. */
interface Operand extends Pick<Launch, 'label' | 'immediates'> {
  readonly kernel: 'input' | 'weight' | 'output-grad';
  readonly constants?: Record<string, number>;
  readonly from: BufferSlice;
  /** Elements that are read, … */
  readonly read: number;
  /** … and those at each place of the transform. */
  readonly elements: number;
}

/** x [N,H,W,C], for forward passes and gradients of weights. */
const inputOf = (form: Winograd, k: ConvProblem, from: BufferSlice, label: string): Operand => ({
  ...{ kernel: 'input', from, label, immediates: convImmediates(k) },
  ...{ read: convSizes(k).x, elements: tileCount(form, k) * k.c },
});

/** dy [N,P,Q,O], for gradients. */
const outputGradOf = (form: Winograd, k: ConvProblem, from: BufferSlice, label: string): Operand => ({
  ...{ kernel: 'output-grad', from, label, immediates: convImmediates(k) },
  ...{ read: convSizes(k).y, elements: tileCount(form, k) * k.o },
});

/** The weight [3,3,C,O], for forward passes and input gradients. */
const weightOf = ({ way }: Winograd, { c, o }: ConvProblem, from: BufferSlice, label: string): Operand => ({
  ...{ kernel: 'weight', constants: { PANEL: way.panel(o) }, from, label, immediates: immediates(c, o) },
  ...{ read: 9 * c * o, elements: c * o },
});

/** Lends `launch` the transform of an operand. */
function withTransformed(
  device: Device,
  form: Winograd,
  { kernel: name, constants, from, read, elements, ...own }: Operand,
  launch: (transformed: BufferSlice) => void,
): void {
  withParts(device, places(form) * elements, (transformed) => {
    transform(device, {
      ...own,
      kernel: kernel(`winograd/${name}`, constants, { instead: form.instead }),
      bindings: [from, transformed],
      repeatable: true,
      invocations: elements / 4,
      moved: read + places(form) * elements,
    });
    launch(transformed);
  });
}

/** y = activation(conv(x, weight) + bias). */
export function winogradConvolve(
  device: Device,
  form: Winograd,
  k: ConvProblem,
  { x, weight, bias, activation, y }: ForwardArguments,
): void {
  const label = 'conv2d.forward';
  const product = forwardProduct(form, k);
  const outputs = product.rows * k.o;
  withTransformed(device, form, inputOf(form, k, x, label), (v) =>
    withTransformed(device, form, weightOf(form, k, weight, label), (u) =>
      withParts(device, places(form) * outputs, (m) => {
        batchMatmul(device, form.way, product, { a: v, b: u, out: m, label, flops: convFlops(k) });
        const constants = { BIAS: bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] };
        transform(device, {
          kernel: kernel('winograd/output', constants, { instead: form.instead }),
          bindings: [m, bias ?? m, y],
          immediates: convImmediates(k),
          label,
          invocations: outputs / 4,
          moved: convSizes(k).y + places(form) * outputs,
        });
      }),
    ),
  );
}

/** dx = the gradient of conv(x, weight) with respect to x, plus the bias and the addend. It is the transpose of the forward pass, step by step. */
export function winogradInputGrad(
  device: Device,
  form: Winograd,
  k: ConvProblem,
  { dy, weight, bias, addend, dx }: InputGradArguments,
): void {
  const label = 'conv2d.inputGrad';
  const product = inputGradProduct(form, k);
  const inputs = product.rows * k.c;
  const { instead } = form;
  const common = { label, immediates: convImmediates(k) };
  withTransformed(device, form, outputGradOf(form, k, dy, label), (w) =>
    withTransformed(device, form, weightOf(form, k, weight, label), (u) =>
      withParts(device, places(form) * inputs, (m) => {
        batchMatmul(device, form.way, product, { a: w, b: u, out: m, label, flops: convFlops(k) });
        withParts(device, places(form) * inputs, (d) => {
          transform(device, {
            ...common,
            kernel: kernel('winograd/input-grad', {}, { instead }),
            bindings: [m, d],
            invocations: inputs / 4,
            moved: 2 * places(form) * inputs,
          });
          const { x } = convSizes(k);
          const lines = Math.min(k.n * k.h, device.limits.maxComputeWorkgroupsPerDimension);
          device.launch({
            ...common,
            kernel: kernel(FOLD_TILES, { BIAS: bias ? 1 : 0, ADDEND: addend ? 1 : 0 }, { instead }),
            bindings: [d, bias ?? d, addend ?? d, dx],
            workgroups: [ceilDiv(k.c, 32), ceilDiv(k.w, 8), lines],
            flops: 0,
            bytes: 4 * ((addend ? 2 : 1) * x + places(form) * inputs),
          });
        });
      }),
    ),
  );
}

/** dw (+)= the gradient of conv(x, weight) with respect to weight. */
export function winogradWeightGrad(
  device: Device,
  form: Winograd,
  k: ConvProblem,
  { x, dy, dw, accumulate }: WeightGradArguments,
): void {
  const label = 'conv2d.weightGrad';
  withImagesAndGradient(device, form, k, { x, dy, label }, (a, b) =>
    withTransformedWeightGrad(device, form, k, { dw, accumulate, label }, (out) =>
      batchMatmul(device, form.way, weightGradProduct(form, k), { a, b, out, label, flops: convFlops(k) }),
    ),
  );
}

interface Labelled {
  label: string;
}

/** Lends `launch` the transforms of images and of what came for their outputs. */
export function withImagesAndGradient(
  device: Device,
  form: Winograd,
  k: ConvProblem,
  { x, dy, label }: ImagesAndGradient & Labelled,
  launch: (x: BufferSlice, dy: BufferSlice) => void,
): void {
  withTransformed(device, form, inputOf(form, k, x, label), (a) =>
    withTransformed(device, form, outputGradOf(form, k, dy, label), (b) => launch(a, b)),
  );
}

/** dw (+)= what it is by the gradient of the weight's transform, which `launch` writes. */
export function withTransformedWeightGrad(
  device: Device,
  form: Winograd,
  k: ConvProblem,
  { dw, accumulate, label }: Pick<WeightGradArguments, 'dw' | 'accumulate'> & Labelled,
  launch: (du: BufferSlice) => void,
): void {
  const weights = k.c * k.o;
  withParts(device, places(form) * weights, (du) => {
    launch(du);
    transform(device, {
      kernel: kernel('winograd/weight-grad', {}, { instead: form.instead }),
      bindings: [du, dw],
      immediates: immediates(weights / 4, accumulate ? 1 : 0),
      label,
      invocations: weights / 4,
      moved: convSizes(k).weight + places(form) * weights,
    });
  });
}

/** Whether a convolution has the transform, with channels in vec4s, enough of them, and temporaries that fit into buffers. */
function suits(device: Device, form: Winograd, k: ConvProblem): boolean {
  const { kh, kw, stride, c, o, dtype } = k;
  const transformed = kh === 3 && kw === 3 && stride === 1 && dtype === 'f32' && c % 4 === 0 && o % 4 === 0;
  const largest = Math.max(c * o, tileCount(form, k) * Math.max(c, o));
  const fits = 4 * places(form) * largest <= device.limits.maxStorageBufferBindingSize;
  return transformed && fits && (form.way.madeFor !== 'cpu' || Math.min(c, o) >= CPU_CHANNELS);
}

/** Whether {@link winogradConvolve} can do a problem here. */
export function canConvolve(device: Device, form: Winograd, k: ConvProblem): boolean {
  return suits(device, form, k) && form.way.supports(device, forwardProduct(form, k));
}

/** Whether {@link winogradInputGrad} can do a problem here. */
export function canInputGrad(device: Device, form: Winograd, k: ConvProblem): boolean {
  return suits(device, form, k) && form.way.supports(device, inputGradProduct(form, k));
}

/** Whether {@link winogradWeightGrad} can do a problem here. */
export function canWeightGrad(device: Device, form: Winograd, k: ConvProblem): boolean {
  return suits(device, form, k) && form.way.supports(device, weightGradProduct(form, k));
}

/** The kernels of {@link winogradConvolve}. */
export function convolveSources({ way }: Winograd): KernelSource[] {
  return ['winograd/input', 'winograd/weight', way.source({}), 'winograd/output'];
}

/** The kernels of {@link winogradInputGrad}. */
export function inputGradSources({ way }: Winograd): KernelSource[] {
  return ['winograd/output-grad', 'winograd/weight', way.source({}), 'winograd/input-grad', FOLD_TILES];
}

/** The kernels of {@link winogradWeightGrad}. */
export function weightGradSources({ way }: Winograd): KernelSource[] {
  return ['winograd/input', 'winograd/output-grad', way.source({ depthFirst: true }), 'winograd/weight-grad'];
}

/** The Winograd variants of an operation, one for each size of tiles and way to multiply. */
export function winogradVariants<Args>(
  make: (form: Winograd) => Pick<Variant<ConvProblem, Args>, 'sources' | 'supports' | 'launch'>,
): Variant<ConvProblem, Args>[] {
  return winograds.map((form) => ({ ...infoOf(form), ...make(form) }));
}

/** What a variant by this form says of itself. */
export function infoOf({ name, instead, way }: Winograd) {
  return {
    ...{ name, madeFor: way.madeFor, workgroupBytes: way.workgroupBytes },
    instead: { ...instead, ...way.instead },
  };
}
