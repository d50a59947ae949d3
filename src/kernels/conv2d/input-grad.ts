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
 * - winograd, winograd4x4: the forward pass transposed step by step, so that it has as many tiles and the last step folds. Batch 2, two idle
 *   cores, 2026-11-30: 2.10 and 1.72 ms, tiled 3.00; by the forward pass with turned weights, for the padded image, 3.23 and 3.02.
 * - taps: see conv2d.forward. One core, batch 2, 2026-11-30, at 64×64: 7×7 3→32 6.6 ms, thin_input 11.1; 32→3 5.5, thin_output 7.9.
 *
 * The ladder for GPUs; NVIDIA H200 (driver 580.159.04), 2026-11-26, 3×3 256→256 at 64×64 with reflection, batch 16, unless said
 * otherwise. All but Winograd's compute the gradient of the padded image and fold it afterwards:
 * - naive: not timed.
 * - tiled64x64 and its sizes: phases, staged through workgroup memory. f16: 64x64 4.7 ms (17 TFLOP/s), 128x64 5.6, 32x64 5.7,
 *   128x128 6.6, 64x16 7.0. f32, batch 2, 3×3 stride 2 128→256 from 128×128: 64x64 0.25 ms (20 TFLOP/s).
 * - winograd64x64, winograd4x4_64x64 and their sizes: as above, with such products. Not timed on a GPU.
 * - matrix64x128 and its sizes: the same on matrix hardware, f16 with sums in f32. 64x128 0.84 ms (92 TFLOP/s), 128x64 0.91,
 *   128x128 1.12, 64x64 1.28, 128x16 3.01.
 * - matrix128x128_wide, matrix64x128_wide: see conv2d.forward. Not timed on a GPU.
 * - matrix64x128_turned and its sizes, at stride 1: the weight is turned first, in a launch of its own, so that the forward kernel
 *   computes the gradient, and reads whole lines of the weight; matrix128x128_halo_turned likewise. Not timed on a GPU.
 * - matrix64x128_split and its sizes: the same for f32 by three products of f16, see conv2d.forward. Not timed on a GPU.
 * - taps64x16, taps_matrix128x16 and their sizes: see conv2d.forward. Not timed on a GPU.
 */
import type { Device } from '../../gpu/device.ts';
import { ceilDiv } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import type { Operation, Variant } from '../variant.ts';
import type { InputGradArguments } from './arguments.ts';
import { turnedVariants } from './input-grad-turned.ts';
import { eight, hasLanes, type Lanes, lanes, lanesSuit, MOST_NARROW } from './lanes.ts';
import { type MatrixTile, matrixTiles, splitTiles } from './matrix-tile.ts';
import { FOLD, FOLD_TILES, padded, paddedFits, unfolded } from './padded-gradient.ts';
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
import { tapsInputGrad, tapsMatrices, tapsTiles } from './taps.ts';
import { type Tile, tileBytes, tileConstants, tileName, tileSuits, tiles } from './tile.ts';
import { canInputGrad, inputGradSources, winogradInputGrad, winogradVariants } from './winograd.ts';

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

const winograds = winogradVariants<InputGradArguments>((form) => ({
  sources: inputGradSources(form),
  supports: (device, k) => canInputGrad(device, form, k) && paddedFits(device, k),
  launch: (device, k, args) => winogradInputGrad(device, form, k, args),
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

type InputGrad = Variant<ConvProblem, InputGradArguments>;

/** Whether a variant folds the gradient of a padded image in a launch that may add something to it as it goes. */
export function foldsInLaunch({ sources }: InputGrad, k: ConvProblem): boolean {
  return (sources.includes(FOLD) || sources.includes(FOLD_TILES)) && padded(k) !== k;
}

/** Whether that launch does nothing else, so that it can be left to whoever takes the gradient. */
export function canLeaveUnfolded({ sources }: InputGrad, k: ConvProblem): boolean {
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
    ...turnedVariants,
    ...tiles.map(workgroupTiled),
    ...winograds,
    narrow,
    ...tapsInputGrad([...lanes.map(tiled), ...tapsMatrices.map(matrixTiled), ...tapsTiles.map(workgroupTiled)]),
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
