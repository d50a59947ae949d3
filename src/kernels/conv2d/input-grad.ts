/**
 * dx = the gradient of conv(x, weight) with respect to x [N,H,W,C], from dy [N,P,Q,O]; with a bias, a transposed convolution.
 *
 * The ladder for CPUs; llvmpipe (Mesa 25.0.7), 2 cores, f32, 2026-11-25, 3×3 128→128 at 16×16, batch 1, unless said otherwise:
 * - naive: the formula, one invocation an element of dx; it looks for all outputs that saw the element. 27.4 ms.
 * - tiled: a product of matrices for each of the stride² phases, so that no tap meets an inserted zero; registers and lanes as in
 *   the forward pass. 2.0 ms.
 * - tiled_16: by 16 lanes, see conv2d.forward: 3.60 → 2.49 ms; 3×3 64→64 at 32×32, batch 2, 8.99 → 5.05.
 * - thin_input: lanes are pixels of dx with all their channels, 4 or fewer. 4×4 stride 2 3→32 at 64×64: 0.52 ms, naive 2.1.
 * - thin_output: dy is loaded a scalar at a time, since its pixels are not whole vec4s. 7×7 32→3 at 64×64: 2.6 ms, naive 50.5.
 * - narrow: lanes are pixels of dx with 8 columns each; the gradient of the padded image is folded. 7×7 8→3 at 64×64, reflect, batch 2:
 *   1.35 ms, thin_output 3.9.
 * - winograd: the forward transform with turned weights. One core, batch 2, 2026-11-27: 9.1 ms, tiled 21.3.
 *
 * The ladder for GPUs; NVIDIA H200 (driver 580.159.04), 2026-11-26, 3×3 256→256 at 64×64 with reflection, batch 16, unless said
 * otherwise. All of them compute the gradient of the padded image and fold it afterwards:
 * - naive: not timed.
 * - tiled64x64 and its sizes: phases, staged through workgroup memory. f16: 64x64 4.7 ms (17 TFLOP/s), 128x64 5.6, 32x64 5.7,
 *   128x128 6.6, 64x16 7.0. f32, batch 2, 3×3 stride 2 128→256 from 128×128: 64x64 0.25 ms (20 TFLOP/s).
 * - winograd64x64 and its sizes: as above, with such products. Not timed on a GPU.
 * - matrix64x128 and its sizes: the same on matrix hardware, f16 with sums in f32. 64x128 0.84 ms (92 TFLOP/s), 128x64 0.91,
 *   128x128 1.12, 64x64 1.28, 128x16 3.01.
 * - matrix128x128_wide, matrix64x128_wide: see conv2d.forward. Not timed on a GPU.
 * - matrix64x128_turned and its sizes, at stride 1: the weight is turned first, in a launch of its own, so that the forward kernel
 *   computes the gradient, and reads whole lines of the weight; matrix128x128_halo_turned likewise. Not timed on a GPU.
 * - matrix64x128_split and its sizes: the same for f32 by three products of f16, see conv2d.forward. Not timed on a GPU.
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv } from '../../gpu/launch.ts';
import { ACTIVATION_CODES } from '../activation.ts';
import { flatGrid } from '../flat-grid.ts';
import { reflectionPadBackward } from '../images/reflection-pad.ts';
import { DTYPE_BYTES, kernel } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';
import type { Operation, Variant } from '../variant.ts';
import { eight, hasLanes, type Lanes, lanes, lanesSuit, MOST_NARROW } from './lanes.ts';
import { type HaloTile, haloTiles, type MatrixTile, matrixTiles, splitTiles } from './matrix-tile.ts';
import {
  type ConvProblem,
  convBytes,
  convFlops,
  convImmediates,
  convSizes,
  type Dispatch,
  describe,
  foldsSimply,
  gridFits,
  phaseRows,
} from './problem.ts';
import { type Tile, tileBytes, tileConstants, tileName, tileSuits, tiles } from './tile.ts';
import { canConvolve, convolveSources, winogradConvolve, winogradVariants } from './winograd.ts';

export interface InputGradArguments {
  dy: BufferSlice;
  weight: BufferSlice;
  /** Added to each channel of dx: a transposed convolution's bias. */
  bias: BufferSlice | null;
  /** Added to dx, of whose shape it is; given only where {@link foldsInLaunch}. */
  addend?: BufferSlice;
  /** Receives the gradient of the padded image in place of dx, which is then to be folded; likewise. */
  unfolded?: BufferSlice;
  dx: BufferSlice;
}

function dispatch(
  device: Device,
  k: ConvProblem,
  { dy, weight, bias, dx }: InputGradArguments,
  { more = [], ...own }: Dispatch,
): void {
  device.launch({
    ...own,
    bindings: [dy, weight, bias ?? weight, dx, ...more],
    immediates: convImmediates(k),
    label: 'conv2d.inputGrad',
    flops: convFlops(k),
    bytes: convBytes(k),
  });
}

const BIAS = ({ bias }: InputGradArguments) => (bias ? 1 : 0);
/** The kernel that folds the gradient of a padded image. */
const FOLD = 'images/reflection-pad-backward';

/** Workgroups of the tiles of each of the stride² phases. */
function phaseGrid(k: ConvProblem, rows: number, columns: number): [number, number, number] {
  return [ceilDiv(phaseRows(k), rows), ceilDiv(k.c, columns), k.stride ** 2];
}

function tiled(by: Lanes): Variant<ConvProblem, InputGradArguments> {
  const grid = (k: ConvProblem) => phaseGrid(k, 2 * by.count, 4 * by.count);
  return {
    name: `tiled${by.suffix}`,
    madeFor: 'cpu',
    sources: ['conv2d/input-grad-tiled'],
    instead: by.instead,
    workgroupBytes: 0,
    supports: (device, k) =>
      k.c % 4 === 0 && k.o % 4 === 0 && foldsSimply(k) && lanesSuit(by, k.c) && hasLanes(by, device, grid(k)),
    launch: (device, k, args) =>
      dispatch(device, k, args, {
        kernel: kernel('conv2d/input-grad-tiled', { BIAS: BIAS(args) }, { dtype: k.dtype, instead: by.instead }),
        workgroups: grid(k),
      }),
  };
}

function thinInput(by: Lanes): Variant<ConvProblem, InputGradArguments> {
  const grid = (k: ConvProblem) => phaseGrid(k, 4 * by.count, k.c);
  return {
    name: `thin_input${by.suffix}`,
    madeFor: 'cpu',
    sources: ['conv2d/input-grad-thin-input'],
    instead: by.instead,
    workgroupBytes: 0,
    supports: (device, k) => k.c <= 4 && k.o % 4 === 0 && foldsSimply(k) && hasLanes(by, device, grid(k)),
    launch: (device, k, args) =>
      dispatch(device, k, args, {
        kernel: kernel(
          'conv2d/input-grad-thin-input',
          { BIAS: BIAS(args), C: k.c },
          { dtype: k.dtype, instead: by.instead },
        ),
        workgroups: grid(k),
      }),
  };
}

const thinOutput: Variant<ConvProblem, InputGradArguments> = {
  name: 'thin_output',
  madeFor: 'cpu',
  sources: ['conv2d/input-grad-thin-output'],
  workgroupBytes: 0,
  supports: (device, k) => k.o <= 4 && k.c % 4 === 0 && foldsSimply(k) && hasLanes(eight, device, phaseGrid(k, 32, 32)),
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/input-grad-thin-output', { BIAS: BIAS(args), O: k.o }, { dtype: k.dtype }),
      workgroups: phaseGrid(k, 32, 32),
    }),
};

const naive: Variant<ConvProblem, InputGradArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['conv2d/input-grad-naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/input-grad-naive', { BIAS: BIAS(args) }, { dtype: k.dtype }),
      workgroups: flatGrid(device, k.n * k.h * k.w * k.c),
    }),
};

/** The problem without reflection whose gradient the kernels for GPUs compute. Under reflection that is the one of the padded image. */
function padded(k: ConvProblem): ConvProblem {
  const { h, w, padding, paddingMode } = k;
  if (padding === 0 || paddingMode === 'zeros') return k;
  return { ...k, h: h + 2 * padding, w: w + 2 * padding, padding: 0, paddingMode: 'zeros' };
}

/** Whether the gradient of the padded image, which is larger than x, fits into one buffer. */
function paddedFits({ limits }: Device, k: ConvProblem): boolean {
  return DTYPE_BYTES[k.dtype] * convSizes(padded(k)).x <= limits.maxStorageBufferBindingSize;
}

/**
 * Computes the gradient of a problem by a `launch` that knows no reflection. Under reflection `launch` gets the problem of the padded
 * image, and its gradient is then folded: each mirrored pixel is added to the one that it is a mirror of. To look for mirrors in
 * the product itself would cost every pixel what only those near the border need.
 */
function unfolded(
  device: Device,
  k: ConvProblem,
  args: InputGradArguments,
  launch: (k: ConvProblem, args: InputGradArguments) => void,
): void {
  const { n, h, w, c, padding, dtype } = k;
  const product = padded(k);
  if (product === k) {
    launch(k, args);
    return;
  }
  if (args.unfolded) {
    launch(product, { ...args, dx: args.unfolded, bias: null });
    return;
  }
  withTemporary(device, DTYPE_BYTES[dtype] * convSizes(product).x, (whole) => {
    launch(product, { ...args, dx: whole, bias: null });
    const pad = [padding, padding, padding, padding] as const;
    const { dx: gradX, bias, addend = null } = args;
    reflectionPadBackward(device, { n, h, w, c, pad, dtype }, { gradOutput: whole, gradX, bias, addend });
  });
}

const narrow: Variant<ConvProblem, InputGradArguments> = {
  name: 'narrow',
  madeFor: 'cpu',
  sources: ['conv2d/input-grad-narrow', FOLD],
  workgroupBytes: 0,
  supports: (device, k) =>
    k.c <= MOST_NARROW && paddedFits(device, k) && hasLanes(eight, device, phaseGrid(padded(k), 32, 8)),
  launch: (device, problem, all) =>
    unfolded(device, problem, all, (k, args) =>
      dispatch(device, k, args, {
        kernel: kernel('conv2d/input-grad-narrow', { BIAS: BIAS(args) }, { dtype: k.dtype }),
        workgroups: phaseGrid(k, 32, 8),
      }),
    ),
};

/** The gradient of a problem without reflection, as a convolution of dy, padded with zeros, with flipped weights. */
function transposed(k: ConvProblem): ConvProblem {
  const { h, w, c, p, q, o, kh, padding } = k;
  return { ...k, h: p, w: q, c: o, p: h, q: w, o: c, padding: kh - 1 - padding, paddingMode: 'zeros' };
}

const winograds = winogradVariants<InputGradArguments>((way) => ({
  sources: [...convolveSources(way), FOLD],
  supports: (device, k) => {
    const product = padded(k);
    return product.padding < k.kh && canConvolve(device, way, transposed(product)) && paddedFits(device, k);
  },
  launch: (device, problem, all) =>
    unfolded(device, problem, all, (k, { dy, weight, bias, dx }) => {
      const label = 'conv2d.inputGrad';
      const args = { x: dy, weight, flipped: true, bias, activation: 'none', y: dx, label } as const;
      winogradConvolve(device, way, transposed(k), args);
    }),
}));

function workgroupTiled(tile: Tile): Variant<ConvProblem, InputGradArguments> {
  const grid = (k: ConvProblem) => phaseGrid(k, tile.rows, tile.columns);
  return {
    name: tileName(tile),
    madeFor: 'gpu',
    sources: ['conv2d/input-grad-workgroup', FOLD],
    workgroupBytes: tileBytes(tile),
    supports: (device, k) =>
      tileSuits(device, tile, phaseRows(padded(k)), k.c) && gridFits(device, grid(padded(k))) && paddedFits(device, k),
    launch: (device, problem, all) =>
      unfolded(device, problem, all, (k, args) => {
        const constants = { BIAS: BIAS(args), VEC4_O: k.o % 4 === 0 ? 1 : 0, ...tileConstants(tile) };
        dispatch(device, k, args, {
          kernel: kernel('conv2d/input-grad-workgroup', constants, { dtype: k.dtype }),
          workgroups: grid(k),
          more: [args.dy, args.weight],
        });
      }),
  };
}

function matrixTiled(tile: MatrixTile): Variant<ConvProblem, InputGradArguments> {
  const grid = (k: ConvProblem) => phaseGrid(k, tile.rows, tile.columns);
  return {
    ...tile.info('conv2d/input-grad-matrix', FOLD),
    supports: (device, k) =>
      tile.suits(device, k, phaseRows(padded(k)), k.c) && gridFits(device, grid(padded(k))) && paddedFits(device, k),
    launch: (device, problem, all) =>
      unfolded(device, problem, all, (k, args) => {
        const constants = { BIAS: BIAS(args), EIGHTS_O: k.o % 8 === 0 ? 1 : 0 };
        const text = tile.specialisation(device, k.c % 8 === 0);
        const { y, weight } = convSizes(k);
        tile.withOperands(device, [args.dy, y], [args.weight, weight], (more) =>
          dispatch(device, k, args, {
            kernel: kernel('conv2d/input-grad-matrix', constants, text),
            workgroups: grid(k),
            more,
            matrices: true,
          }),
        );
      }),
  };
}

/** Lends `launch` the weight [KH,KW,C,O] of a problem, turned: [KH,KW,O,C], with its taps in reverse order. */
function withTurned(device: Device, k: ConvProblem, weight: BufferSlice, launch: (turned: BufferSlice) => void): void {
  const bytes = DTYPE_BYTES[k.dtype] * convSizes(k).weight;
  withTemporary(device, bytes, (turned) => {
    device.launch({
      kernel: kernel('conv2d/turn-weight', {}, { dtype: k.dtype }),
      bindings: [weight, turned],
      immediates: convImmediates(k),
      workgroups: turningGrid(k),
      label: 'conv2d.turnWeight',
      flops: 0,
      bytes: 2 * bytes,
    });
    launch(turned);
  });
}

const turningGrid = ({ c, o, kh, kw }: ConvProblem) => [ceilDiv(o, 32), ceilDiv(c, 32), kh * kw] as const;

/** A forward kernel of matrix hardware, as it is launched for a problem. */
interface ForwardKernel {
  readonly source: string;
  suits(device: Device, k: ConvProblem): boolean;
  constants(k: ConvProblem): Record<string, number>;
  grid(device: Device, k: ConvProblem): readonly [number, number, number];
}

/** It computes the input gradient from dy and the turned weight. */
function turned(tile: MatrixTile, forward: ForwardKernel): Variant<ConvProblem, InputGradArguments> {
  const info = tile.info('conv2d/turn-weight', forward.source, FOLD);
  return {
    ...info,
    name: `${info.name}_turned`,
    supports: (device, k) => {
      const product = padded(k);
      return (
        k.stride === 1 &&
        k.kh === k.kw &&
        product.padding < k.kh &&
        forward.suits(device, transposed(product)) &&
        gridFits(device, turningGrid(k)) &&
        paddedFits(device, k)
      );
    },
    launch: (device, problem, all) =>
      unfolded(device, problem, all, (k, args) => {
        const product = transposed(k);
        const constants = { BIAS: BIAS(args), ACTIVATION: ACTIVATION_CODES.none, ...forward.constants(product) };
        const { y, weight } = convSizes(k);
        withTurned(device, k, args.weight, (weights) =>
          tile.withOperands(device, [args.dy, y], [weights, weight], (more) =>
            device.launch({
              kernel: kernel(forward.source, constants, tile.specialisation(device, k.c % 8 === 0)),
              bindings: [args.dy, weights, args.bias ?? weights, args.dx, ...more],
              immediates: convImmediates(product),
              workgroups: forward.grid(device, product),
              label: 'conv2d.inputGrad',
              flops: convFlops(k),
              bytes: convBytes(k),
              matrices: true,
            }),
          ),
        );
      }),
  };
}

const matrixTurned = (tile: MatrixTile) =>
  turned(tile, {
    source: 'conv2d/forward-matrix',
    suits: (device, k) => tile.suits(device, k, k.n * k.p * k.q, k.o),
    constants: ({ c, o }) => ({ EIGHTS_C: c % 8 === 0 ? 1 : 0, EIGHTS_O: o % 8 === 0 ? 1 : 0 }),
    grid: (_, { n, p, q, o }) => [ceilDiv(n * p * q, tile.rows), ceilDiv(o, tile.columns), 1],
  });

const haloTurned = (tile: HaloTile) =>
  turned(tile, {
    source: 'conv2d/forward-matrix-halo',
    suits: (device, k) => tile.suits(device, k),
    constants: () => ({}),
    grid: (device, k) => [tile.rectangles(device, k), ceilDiv(k.o, tile.columns), 1],
  });

/** Whether a variant folds the gradient of a padded image in a launch of its own, which may add something to it as it goes. */
export function foldsInLaunch({ sources }: Variant<ConvProblem, InputGradArguments>, k: ConvProblem): boolean {
  return sources.includes(FOLD) && padded(k) !== k;
}

/** dx = the gradient of conv(x, weight) with respect to x, plus a bias; also a transposed convolution's forward. */
export const convInputGrad: Operation<ConvProblem, InputGradArguments> = {
  name: 'conv2d.inputGrad',
  variants: [
    ...splitTiles.map(matrixTiled),
    ...lanes.map(thinInput),
    thinOutput,
    ...lanes.map(tiled),
    ...matrixTiles.map(matrixTiled),
    ...[...splitTiles, ...matrixTiles].map(matrixTurned),
    ...haloTiles.map(haloTurned),
    ...tiles.map(workgroupTiled),
    ...winograds,
    narrow,
    naive,
  ],
  describe,
  exampleArguments: (k, buffers, full = false) => {
    const { x, weight, y } = convSizes(k);
    return {
      dy: buffers.input(y, k.dtype),
      weight: buffers.input(weight, k.dtype),
      bias: full ? buffers.input(k.c) : null,
      dx: buffers.output(x, k.dtype),
    };
  },
};
