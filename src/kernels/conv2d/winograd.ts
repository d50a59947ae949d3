/**
 * Winograd's F(2×2, 3×3): a 3×3 convolution of stride 1 as 16 products of matrices, one for each place of a 4 × 4 transform of its tiles of
 * 2 × 2 outputs. That is 4 multiplications an output instead of 9, and transforms before and after. In f32 alone: sums of pixels in f16 would
 * lose more than the products do.
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates, type Launch } from '../../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from '../activation.ts';
import { flatGrid } from '../flat-grid.ts';
import { type KernelSource, kernel } from '../source.ts';
import { withParts } from '../sum-parts.ts';
import type { Variant } from '../variant.ts';
import { type BatchMatmul, batchMatmul, lanesMatmul, type MatmulProblem, workgroupMatmul } from './batch-matmul.ts';
import { lanes } from './lanes.ts';
import { type ConvProblem, convFlops, convImmediates, convSizes } from './problem.ts';
import { tiles } from './tile.ts';

/** Places of the transform of a tile, each with a product of its own. */
const PLACES = 16;
/**
 * Below so many channels the transforms take a CPU about as long as the products save. Chance would decide which variant wins, and so
 * which bits a run gets.
 */
const CPU_CHANNELS = 128;

/** The tiles of 2 × 2 outputs. */
const tileCount = ({ n, p, q }: ConvProblem) => n * ceilDiv(p, 2) * ceilDiv(q, 2);

const forwardProduct = (k: ConvProblem): MatmulProblem => ({
  batch: PLACES,
  rows: tileCount(k),
  depth: k.c,
  columns: k.o,
  depthFirst: false,
});

const gradProduct = (k: ConvProblem): MatmulProblem => ({
  batch: PLACES,
  rows: k.c,
  depth: tileCount(k),
  columns: k.o,
  depthFirst: true,
});

interface Transform extends Pick<Launch, 'label' | 'kernel' | 'bindings' | 'immediates'> {
  readonly invocations: number;
  /** Elements that are read and written in all. */
  readonly moved: number;
}

function transform(device: Device, { invocations, moved, ...own }: Transform): void {
  device.launch({ ...own, workgroups: flatGrid(device, invocations), flops: 0, bytes: 4 * moved });
}

interface WinogradArguments {
  /** [N, H, W, C], to y [N, P, Q, O]. */
  x: BufferSlice;
  /** [3, 3, C, O]; or, flipped, the [3, 3, O, C] of the convolution of which this is the input gradient. */
  weight: BufferSlice;
  flipped: boolean;
  bias: BufferSlice | null;
  activation: Activation;
  y: BufferSlice;
  /** Of the operation of which it is a variant. */
  label: string;
}

/** y = activation(conv(x, weight) + bias). */
export function winogradConvolve(
  device: Device,
  way: BatchMatmul,
  k: ConvProblem,
  { x, weight, flipped, bias, activation, y, label }: WinogradArguments,
): void {
  const { c, o } = k;
  const common = { label, immediates: convImmediates(k) };
  const sizes = convSizes(k);
  const product = forwardProduct(k);
  const [inputs, weights, outputs] = [product.rows * c, c * o, product.rows * o];
  withParts(device, PLACES * inputs, (v) =>
    withParts(device, PLACES * weights, (u) =>
      withParts(device, PLACES * outputs, (m) => {
        transform(device, {
          ...common,
          kernel: kernel('winograd/input'),
          bindings: [x, v],
          invocations: inputs / 4,
          moved: sizes.x + PLACES * inputs,
        });
        transform(device, {
          label,
          kernel: kernel('winograd/weight', { FLIPPED: flipped ? 1 : 0 }),
          bindings: [weight, u],
          // This kernel's C and O are those of the weight as it lies, and its invocations take 4 × 4 of them.
          immediates: convImmediates(flipped ? { ...k, c: o, o: c } : k),
          invocations: weights / 16,
          moved: sizes.weight + PLACES * weights,
        });
        batchMatmul(device, way, product, { a: v, b: u, out: m, label, flops: convFlops(k) });
        transform(device, {
          ...common,
          kernel: kernel('winograd/output', { BIAS: bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] }),
          bindings: [m, bias ?? m, y],
          invocations: outputs / 4,
          moved: sizes.y + PLACES * outputs,
        });
      }),
    ),
  );
}

interface WinogradGradArguments {
  /** [N, H, W, C] */
  x: BufferSlice;
  /** [N, P, Q, O] */
  dy: BufferSlice;
  /** [3, 3, C, O] */
  dw: BufferSlice;
  accumulate: boolean;
  /** Of the operation of which it is a variant. */
  label: string;
}

/** dw (+)= the gradient of conv(x, weight) with respect to weight. */
export function winogradWeightGrad(
  device: Device,
  way: BatchMatmul,
  k: ConvProblem,
  { x, dy, dw, accumulate, label }: WinogradGradArguments,
): void {
  const { c, o } = k;
  const common = { label, immediates: convImmediates(k) };
  const sizes = convSizes(k);
  const product = gradProduct(k);
  const [inputs, weights, outputs] = [product.depth * c, c * o, product.depth * o];
  withParts(device, PLACES * inputs, (v) =>
    withParts(device, PLACES * outputs, (w) =>
      withParts(device, PLACES * weights, (du) => {
        transform(device, {
          ...common,
          kernel: kernel('winograd/input'),
          bindings: [x, v],
          invocations: inputs / 4,
          moved: sizes.x + PLACES * inputs,
        });
        transform(device, {
          ...common,
          kernel: kernel('winograd/output-grad'),
          bindings: [dy, w],
          invocations: outputs / 4,
          moved: sizes.y + PLACES * outputs,
        });
        batchMatmul(device, way, product, { a: v, b: w, out: du, label, flops: convFlops(k) });
        transform(device, {
          label,
          kernel: kernel('winograd/weight-grad'),
          bindings: [du, dw],
          immediates: immediates(weights / 4, accumulate ? 1 : 0),
          invocations: weights / 4,
          moved: sizes.weight + PLACES * weights,
        });
      }),
    ),
  );
}

/** Whether a convolution has the transform, with channels in vec4s, enough of them, and temporaries that fit into buffers. */
function suits(device: Device, way: BatchMatmul, k: ConvProblem): boolean {
  const { kh, kw, stride, c, o, dtype } = k;
  const transformed = kh === 3 && kw === 3 && stride === 1 && dtype === 'f32' && c % 4 === 0 && o % 4 === 0;
  const largest = Math.max(c * o, tileCount(k) * Math.max(c, o));
  const fits = 4 * PLACES * largest <= device.limits.maxStorageBufferBindingSize;
  return transformed && fits && (way.madeFor !== 'cpu' || Math.min(c, o) >= CPU_CHANNELS);
}

/** Whether {@link winogradConvolve} can do a problem here. */
export function canConvolve(device: Device, way: BatchMatmul, k: ConvProblem): boolean {
  return suits(device, way, k) && way.supports(device, forwardProduct(k));
}

/** Whether {@link winogradWeightGrad} can do a problem here. */
export function canWeightGrad(device: Device, way: BatchMatmul, k: ConvProblem): boolean {
  return suits(device, way, k) && way.supports(device, gradProduct(k));
}

/** The kernels of {@link winogradConvolve}. */
export function convolveSources(way: BatchMatmul): KernelSource[] {
  return ['winograd/input', 'winograd/weight', way.source(false), 'winograd/output'];
}

/** The kernels of {@link winogradWeightGrad}. */
export function weightGradSources(way: BatchMatmul): KernelSource[] {
  return ['winograd/input', 'winograd/output-grad', way.source(true), 'winograd/weight-grad'];
}

const ways = [...lanes.map(lanesMatmul), ...tiles.filter(({ columns }) => columns >= 64).map(workgroupMatmul)];

/** The Winograd variants of an operation, one for each way to multiply. */
export function winogradVariants<Args>(
  make: (way: BatchMatmul) => Pick<Variant<ConvProblem, Args>, 'sources' | 'supports' | 'launch'>,
): Variant<ConvProblem, Args>[] {
  return ways.map((way) => ({
    name: `winograd${way.size}`,
    madeFor: way.madeFor,
    workgroupBytes: way.workgroupBytes,
    ...(way.instead && { instead: way.instead }),
    ...make(way),
  }));
}
