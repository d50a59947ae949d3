/**
 * y = activation(conv(x, weight) + bias), with x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O].
 *
 * The ladder for CPUs; llvmpipe (Mesa 25.0.7), 2 cores, f32, 2026-11-25, 3×3 128→128 at 16×16, batch 1, unless said otherwise:
 * - naive: the formula, one invocation an output. 51.0 ms.
 * - tiled: 16 × 32 outputs stay in the registers of 8 lanes, which hand loaded rows round by subgroup broadcast. 2.6 ms.
 * - tiled_16: 32 × 64 outputs by 16 lanes, on processors with AVX-512 (Mesa 26.1.6, width 512, 2026-11-29, CPU time beside other work):
 *   3.53 → 2.28 ms; 3×3 64→64 at 32×32, batch 2, 8.56 → 3.58. For 32 channels or fewer half of them would idle.
 * - thin_input: the same for images, whose pixels are not whole vec4s. 7×7 3→32 at 64×64: 2.3 ms, naive 32.6.
 * - thin_output: lanes are pixels, since 4 channels or fewer cannot feed 8 lanes. 7×7 32→3 at 64×64: 3.9 ms, naive 24.3.
 * - narrow: lanes are pixels with 8 columns each, for 16 channels and fewer. 7×7 3→8 at 64×64, batch 2, 2026-11-29: 0.84 ms,
 *   thin_input 2.5. It comes last, so that what was trained without measuring has the same bits again.
 * - winograd: 16 products of matrices with 4/9 of the multiplications. One core, batch 2, 2026-11-27: 8.9 ms, tiled 15.1.
 * - winograd4x4: 36 products with a quarter of them, and as many transformed weights as make it pay from two images on. Batch 2, two
 *   idle cores, 2026-11-30: 1.67 ms (91 GFLOP/s), winograd 2.14, tiled 2.42; batch 1: 1.54, 1.63, 1.61.
 * - taps: the taps of a line become channels of the side that has few, so that tiled computes it. One core, batch 2, 2026-11-30, at 64×64:
 *   7×7 3→32 4.1 ms, thin_input 5.0; 32→3 5.5, thin_output 6.8.
 *
 * The ladder for GPUs; NVIDIA H200 (driver 580.159.04), 2026-11-26, 3×3 256→256 at 64×64, batch 16:
 * - naive: not timed.
 * - tiled64x64 and its sizes: operands staged through workgroup memory, 8 × 4 or 8 × 8 results an invocation. f32: 64x64 2.33 ms
 *   (33 TFLOP/s), 32x64 2.51, 128x64 2.60, 128x128 2.76. 64x16 is for images: 7×7 64→3 at 256×256, batch 2, 0.55 ms, 64x64 1.66.
 * - winograd64x64, winograd4x4_64x64 and their sizes: as above, with such products. Not timed on a GPU.
 * - matrix64x128 and its sizes: the same tiles of f16 on matrix hardware, sums in f32. 64x128 0.48 ms (160 TFLOP/s), 128x64 0.51,
 *   128x128 0.55, 64x64 0.72, 128x16 1.42; tiled64x64 in f16 2.51.
 * - matrix128x128_wide, matrix64x128_wide: eight numbers of a slab are stored and read at once; of 128x128, which four subgroups share, each
 *   holds 64 × 64 results, so that it reads half as often as with 64 × 32. Not timed on a GPU.
 * - matrix128x128_halo, matrix64x128_halo: 3 × 3 taps out of rectangles of pixels that are staged once. Not timed on a GPU.
 * - matrix64x128_split and its sizes: f32 split into two of f16, three products of them on matrix hardware, for problems that may be
 *   computed so. Not timed on a GPU.
 * - taps64x16, taps_matrix128x16 and their sizes: taps as channels, so that 21 of 32 columns are used for 3 channels, and not 3 of 16. Not
 *   timed on a GPU.
 */
import type { Device } from '../../gpu/device.ts';
import { ceilDiv } from '../../gpu/launch.ts';
import { ACTIVATION_CODES } from '../activation.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import type { Operation, Variant } from '../variant.ts';
import type { ForwardArguments } from './arguments.ts';
import { eight, hasLanes, type Lanes, lanes, lanesSuit, MOST_NARROW } from './lanes.ts';
import { haloForward, type MatrixForward, matrixForward } from './matrix-forward.ts';
import { haloTiles, matrixTiles, splitTiles } from './matrix-tile.ts';
import {
  type ConvProblem,
  convBytes,
  convFlops,
  convImmediates,
  convSizes,
  type Dispatch,
  describe,
} from './problem.ts';
import { tapsForward, tapsMatrices, tapsTiles } from './taps.ts';
import { type Tile, tileBytes, tileConstants, tileName, tileSuits, tiles } from './tile.ts';
import { canConvolve, convolveSources, winogradConvolve, winogradVariants } from './winograd.ts';

function dispatch(
  device: Device,
  k: ConvProblem,
  { x, weight, bias, y }: ForwardArguments,
  { more = [], ...own }: Dispatch,
): void {
  device.launch({
    ...own,
    // A kernel without bias has the binding all the same; the weights stand in, unread.
    bindings: [x, weight, bias ?? weight, y, ...more],
    immediates: convImmediates(k),
    label: 'conv2d.forward',
    flops: convFlops(k),
    bytes: convBytes(k),
  });
}

function constants({ bias, activation }: ForwardArguments): Record<string, number> {
  return { BIAS: bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] };
}

const rows = ({ n, p, q }: ConvProblem) => n * p * q;

function tiled(by: Lanes): Variant<ConvProblem, ForwardArguments> {
  const grid = (k: ConvProblem) => [ceilDiv(rows(k), 2 * by.count), ceilDiv(k.o, 4 * by.count), 1] as const;
  return {
    name: `tiled${by.suffix}`,
    madeFor: 'cpu',
    sources: ['conv2d/forward-tiled'],
    instead: by.instead,
    workgroupBytes: 0,
    supports: (device, k) => k.c % 4 === 0 && k.o % 4 === 0 && lanesSuit(by, k.o) && hasLanes(by, device, grid(k)),
    launch: (device, k, args) =>
      dispatch(device, k, args, {
        kernel: kernel('conv2d/forward-tiled', constants(args), { dtype: k.dtype, instead: by.instead }),
        workgroups: grid(k),
      }),
  };
}

function thinOutput(by: Lanes): Variant<ConvProblem, ForwardArguments> {
  const grid = (k: ConvProblem) => [ceilDiv(rows(k), 8 * by.count), 1, 1] as const;
  return {
    name: `thin_output${by.suffix}`,
    madeFor: 'cpu',
    sources: ['conv2d/forward-thin-output'],
    instead: by.instead,
    workgroupBytes: 0,
    supports: (device, k) => k.o <= 4 && k.c % 4 === 0 && hasLanes(by, device, grid(k)),
    launch: (device, k, args) =>
      dispatch(device, k, args, {
        kernel: kernel(
          'conv2d/forward-thin-output',
          { ...constants(args), O: k.o },
          { dtype: k.dtype, instead: by.instead },
        ),
        workgroups: grid(k),
      }),
  };
}

const thinInputGrid = (k: ConvProblem) => [ceilDiv(rows(k), 32), ceilDiv(k.o, 32), 1] as const;

const thinInput: Variant<ConvProblem, ForwardArguments> = {
  name: 'thin_input',
  madeFor: 'cpu',
  sources: ['conv2d/forward-thin-input'],
  workgroupBytes: 0,
  supports: (device, k) => k.o % 4 === 0 && hasLanes(eight, device, thinInputGrid(k)),
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/forward-thin-input', constants(args), { dtype: k.dtype }),
      workgroups: thinInputGrid(k),
    }),
};

const narrowGrid = (k: ConvProblem) => [ceilDiv(rows(k), 32), ceilDiv(k.o, 8), 1] as const;

const narrow: Variant<ConvProblem, ForwardArguments> = {
  name: 'narrow',
  madeFor: 'cpu',
  sources: ['conv2d/forward-narrow'],
  workgroupBytes: 0,
  supports: (device, k) => k.o <= MOST_NARROW && hasLanes(eight, device, narrowGrid(k)),
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/forward-narrow', constants(args), { dtype: k.dtype }),
      workgroups: narrowGrid(k),
    }),
};

const naive: Variant<ConvProblem, ForwardArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['conv2d/forward-naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/forward-naive', constants(args), { dtype: k.dtype }),
      workgroups: flatGrid(device, rows(k) * k.o),
    }),
};

const winograds = winogradVariants<ForwardArguments>((form) => ({
  sources: convolveSources(form),
  supports: (device, k) => canConvolve(device, form, k),
  launch: (device, k, args) => winogradConvolve(device, form, k, args),
}));

function workgroupTiled(tile: Tile): Variant<ConvProblem, ForwardArguments> {
  const grid = (k: ConvProblem) => [ceilDiv(rows(k), tile.rows), ceilDiv(k.o, tile.columns), 1] as const;
  return {
    name: tileName(tile),
    madeFor: 'gpu',
    sources: ['conv2d/forward-workgroup'],
    workgroupBytes: tileBytes(tile),
    supports: (device, k) => tileSuits(device, tile, rows(k), k.o),
    launch: (device, k, args) => {
      const vec4s = { VEC4_C: k.c % 4 === 0 ? 1 : 0, VEC4_O: k.o % 4 === 0 ? 1 : 0 };
      const all = { ...constants(args), ...tileConstants(tile), ...vec4s };
      dispatch(device, k, args, {
        kernel: kernel('conv2d/forward-workgroup', all, { dtype: k.dtype }),
        workgroups: grid(k),
        more: [args.x, args.weight],
      });
    },
  };
}

function onMatrices({ tile, ...forward }: MatrixForward): Variant<ConvProblem, ForwardArguments> {
  return {
    ...tile.info(forward.source),
    supports: (device, k) => forward.suits(device, k),
    launch: (device, k, args) => {
      const all = { ...constants(args), ...forward.constants(k) };
      const { x, weight } = convSizes(k);
      tile.withOperands(device, [args.x, x], [args.weight, weight], (more) =>
        dispatch(device, k, args, {
          kernel: kernel(forward.source, all, tile.specialisation(device, k.o % 8 === 0)),
          workgroups: forward.grid(device, k),
          more,
          matrices: true,
        }),
      );
    },
  };
}

/** y = activation(conv(x, weight) + bias). */
export const convForward: Operation<ConvProblem, ForwardArguments> = {
  name: 'conv2d.forward',
  variants: [
    ...splitTiles.map(matrixForward).map(onMatrices),
    ...lanes.map(thinOutput),
    ...lanes.map(tiled),
    thinInput,
    ...[...matrixTiles.map(matrixForward), ...haloTiles.map(haloForward)].map(onMatrices),
    ...tiles.map(workgroupTiled),
    ...winograds,
    narrow,
    ...tapsForward([
      ...lanes.map(tiled),
      ...tapsMatrices.map(matrixForward).map(onMatrices),
      ...tapsTiles.map(workgroupTiled),
    ]),
    naive,
  ],
  describe,
  exampleArguments: (k, buffers, full = false) => {
    const { x, weight, y } = convSizes(k);
    // Bias and activation cost nothing beside the product, and without them is how most layers run.
    const slices = {
      x: buffers.input(x, k.dtype),
      weight: buffers.input(weight, k.dtype),
      y: buffers.output(y, k.dtype),
    };
    return full
      ? { ...slices, bias: buffers.input(k.o), activation: 'leaky_relu' }
      : { ...slices, bias: null, activation: 'none' };
  },
};
