/**
 * dw (+)= the gradient of conv(x, weight) with respect to weight [KH,KW,C,O], from x [N,H,W,C] and dy [N,P,Q,O].
 *
 * The sum runs over all pixels n·p·q and the result is small, so all but the obvious variant split the pixels into shares: more
 * workgroups than results fill. reduce/sum-parts adds the shares up in a fixed order.
 *
 * The ladder for CPUs; llvmpipe (Mesa 25.0.7), 2 cores, f32, 2026-11-25, 3×3 128→128 at 16×16, batch 1, unless said otherwise:
 * - naive: the formula, one invocation an element of dw. 42.6 ms.
 * - tiled: 32 × 32 elements of one tap in the registers of 8 lanes, rows handed round by subgroup broadcast. 1.9 ms.
 * - tiled_16: 64 × 64 elements by 16 lanes, see conv2d.forward: 4.32 → 2.92 ms; 3×3 64→64 at 32×32, batch 2, 7.31 → 4.50.
 * - thin_input: rows are taps and channels together, so that an image's 3 channels fill them. 7×7 3→32 at 64×64: 1.9 ms, naive 17.8.
 * - thin_output: the same with the roles of x and dy exchanged. 7×7 32→3 at 64×64: 1.9 ms, naive 22.6.
 * - narrow_output, narrow_input: rows as in the thin ones, but lanes are rows to the end, with 8 columns each. 7×7 3→8 and 8→3 at 64×64,
 *   batch 2: 0.86 and 0.98 ms, thin ones 2.15 and 2.66.
 * - winograd: 16 products over the tiles of 2 × 2 outputs. One core, batch 2, 2026-11-27: 7.2 ms, tiled 11.0.
 * - winograd4x4: 36 over those of 4 × 4. Batch 2, two idle cores, 2026-11-30: 1.53 ms, winograd 1.91, tiled 2.66; batch 1: 1.16, 1.27, 1.44.
 * - taps: see conv2d.forward. One core, batch 2, 2026-11-30, at 64×64: 7×7 32→3 4.6 ms, thin_output 5.2; 3→32 4.3 and 4.3, of which 0.3
 *   are x spread, which the forward pass leaves.
 *
 * The ladder for GPUs; NVIDIA H200 (driver 580.159.04), 2026-11-26, 3×3 256→256 at 64×64:
 * - naive: not timed.
 * - tiled64x64 and its sizes: staged through workgroup memory. f32, batch 16: 64x64 2.95 ms (26 TFLOP/s), 128x128 3.38, 128x64 3.80,
 *   32x64 3.81. 64x16 is for images: 7×7 64→3, batch 2, 7.2 → 2.4 ms.
 * - winograd64x64, winograd4x4_64x64 and their sizes: as above, with such products. Not timed on a GPU.
 * - matrix64x128 and its sizes: the same on matrix hardware, f16 with sums in f32. Batch 2: 64x128 0.114 ms (85 TFLOP/s), 128x64
 *   0.126, 128x128 0.150, 64x64 0.168; 128x16 not timed there.
 * - matrix128x128_wide, matrix64x128_wide: see conv2d.forward. Not timed on a GPU.
 * - matrix64x128_split and its sizes: the same for f32 by three products of f16, see conv2d.forward. Not timed on a GPU.
 * - taps64x16, taps_matrix128x16 and their sizes: see conv2d.forward. Not timed on a GPU.
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv } from '../../gpu/launch.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import { sumParts, withParts } from '../sum-parts.ts';
import type { Operation, Variant } from '../variant.ts';
import type { WeightGradArguments } from './arguments.ts';
import { eight, hasLanes, type Lanes, lanes, lanesSuit, MOST_NARROW } from './lanes.ts';
import { type MatrixTile, matrixTiles, splitTiles } from './matrix-tile.ts';
import {
  type ConvProblem,
  convBytes,
  convFlops,
  convImmediates,
  convSizes,
  type Dispatch,
  describe,
} from './problem.ts';
import { tapsMatrices, tapsTiles, tapsWeightGrad } from './taps.ts';
import { type Tile, tileBytes, tileConstants, tileInvocations, tileName, tileSuits, tiles } from './tile.ts';
import { canWeightGrad, weightGradSources, winogradVariants, winogradWeightGrad } from './winograd.ts';

/** The depth n·p·q is split until there are this many workgroups: enough to keep the cores of a CPU evenly busy, … */
const CPU_WORKGROUPS = 16;
/** … and enough for a few on each of a large GPU's processors. */
const GPU_WORKGROUPS = 512;
/** A workgroup of few invocations does little: there are more of them, until this many invocations share the work. */
const GPU_INVOCATIONS = 65536;
/** Pixels of the depth that a workgroup on a GPU sums at least, so that the shares' traffic stays small beside the products'. */
const GPU_SHARE = 256;

type Tiles = readonly [number, number];

/** Shares of the depth, at most `most`. */
function shares(workgroups: number, tiles: Tiles, most: number): number {
  return Math.min(most, ceilDiv(workgroups, tiles[0] * tiles[1]));
}

/** How a kernel is launched: `tiles` workgroups a share of the depth, of which there are `splits`. */
interface SplitDispatch extends Omit<Dispatch, 'workgroups'> {
  readonly tiles: Tiles;
  readonly splits: number;
}

/** Launches a kernel for all shares at once, and adds several up. */
function split(
  device: Device,
  k: ConvProblem,
  { x, dy, dw, accumulate }: WeightGradArguments,
  { tiles, splits, more = [], ...own }: SplitDispatch,
): void {
  const count = k.kh * k.kw * k.c * k.o;
  const launch = (target: BufferSlice, add: boolean) =>
    device.launch({
      ...own,
      bindings: [x, dy, target, ...more],
      immediates: convImmediates(k, splits, add ? 1 : 0),
      workgroups: [tiles[0], tiles[1], splits],
      label: 'conv2d.weightGrad',
      flops: convFlops(k),
      bytes: convBytes(k),
    });
  if (splits === 1) {
    launch(dw, accumulate);
    return;
  }
  withParts(device, splits * count, (part) => {
    launch(part, false);
    sumParts(device, { part, parts: splits, out: dw, count, accumulate });
  });
}

/** What is particular to a kernel for CPUs, of which a workgroup sums a tile of dw over a share of the lines of all images. */
interface CpuKernel {
  name: string;
  source: string;
  by: Lanes;
  tiles: (k: ConvProblem) => Tiles;
  lines: (k: ConvProblem) => number;
  suits: (k: ConvProblem) => boolean;
}

function cpuTiled({ name, source, by, tiles, lines, suits }: CpuKernel): Variant<ConvProblem, WeightGradArguments> {
  return {
    name,
    madeFor: 'cpu',
    sources: [source, 'reduce/sum-parts'],
    instead: by.instead,
    workgroupBytes: 0,
    supports: (device, k) => suits(k) && hasLanes(by, device, tiles(k)),
    launch: (device, k, args) => {
      split(device, k, args, {
        kernel: kernel(source, {}, { dtype: k.dtype, instead: by.instead }),
        tiles: tiles(k),
        splits: shares(CPU_WORKGROUPS, tiles(k), k.n * lines(k)),
      });
    },
  };
}

const tiled = (by: Lanes) =>
  cpuTiled({
    name: `tiled${by.suffix}`,
    source: 'conv2d/weight-grad-tiled',
    by,
    tiles: (k) => [ceilDiv(k.o, 4 * by.count), k.kh * k.kw * ceilDiv(k.c, 4 * by.count)],
    lines: (k) => k.p,
    suits: (k) => k.c % 4 === 0 && k.o % 4 === 0 && lanesSuit(by, k.o),
  });

const thinInput = cpuTiled({
  name: 'thin_input',
  source: 'conv2d/weight-grad-thin-input',
  by: eight,
  tiles: (k) => [ceilDiv(k.o, 32), ceilDiv(k.kh * k.kw * k.c, 32)],
  lines: (k) => k.p,
  suits: (k) => k.o % 4 === 0,
});

const thinOutput = cpuTiled({
  name: 'thin_output',
  source: 'conv2d/weight-grad-thin-output',
  by: eight,
  tiles: (k) => [ceilDiv(k.c, 32), ceilDiv(k.kh * k.kw * k.o, 32)],
  lines: (k) => k.h,
  suits: (k) => k.c % 4 === 0 && k.stride === 1,
});

const narrowOutput = cpuTiled({
  name: 'narrow_output',
  source: 'conv2d/weight-grad-narrow-output',
  by: eight,
  tiles: (k) => [ceilDiv(k.o, 8), ceilDiv(k.kh * k.kw * k.c, 32)],
  lines: (k) => k.p,
  suits: (k) => k.o <= MOST_NARROW,
});

const narrowInput = cpuTiled({
  name: 'narrow_input',
  source: 'conv2d/weight-grad-narrow-input',
  by: eight,
  tiles: (k) => [ceilDiv(k.c, 8), ceilDiv(k.kh * k.kw * k.o, 32)],
  lines: (k) => k.h,
  suits: (k) => k.c <= MOST_NARROW && k.stride === 1,
});

const naive: Variant<ConvProblem, WeightGradArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['conv2d/weight-grad-naive', 'reduce/sum-parts'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, k, { x, dy, dw, accumulate }) => {
    const count = k.kh * k.kw * k.c * k.o;
    withParts(device, count, (part) => {
      device.launch({
        kernel: kernel('conv2d/weight-grad-naive', {}, { dtype: k.dtype }),
        bindings: [x, dy, part],
        immediates: convImmediates(k),
        workgroups: flatGrid(device, count),
        label: 'conv2d.weightGrad',
        flops: convFlops(k),
        bytes: convBytes(k),
      });
      sumParts(device, { part, parts: 1, out: dw, count, accumulate });
    });
  },
};

const winograds = winogradVariants<WeightGradArguments>((form) => ({
  sources: weightGradSources(form),
  supports: (device, k) => canWeightGrad(device, form, k),
  launch: (device, k, args) => winogradWeightGrad(device, form, k, args),
}));

function workgroupTiled(tile: Tile): Variant<ConvProblem, WeightGradArguments> {
  const grid = (k: ConvProblem): Tiles => [ceilDiv(k.o, tile.columns), ceilDiv(k.kh * k.kw * k.c, tile.rows)];
  return {
    name: tileName(tile),
    madeFor: 'gpu',
    sources: ['conv2d/weight-grad-workgroup', 'reduce/sum-parts'],
    workgroupBytes: tileBytes(tile),
    supports: (device, k) => tileSuits(device, tile, k.kh * k.kw * k.c, k.o),
    launch: (device, k, args) => {
      const vec4s = { VEC4_C: k.c % 4 === 0 ? 1 : 0, VEC4_O: k.o % 4 === 0 ? 1 : 0 };
      const workgroups = Math.max(GPU_WORKGROUPS, GPU_INVOCATIONS / tileInvocations(tile));
      split(device, k, args, {
        kernel: kernel('conv2d/weight-grad-workgroup', { ...tileConstants(tile), ...vec4s }, { dtype: k.dtype }),
        tiles: grid(k),
        splits: shares(workgroups, grid(k), ceilDiv(k.n * k.p * k.q, GPU_SHARE)),
        more: [args.x, args.dy],
      });
    },
  };
}

function matrixTiled(tile: MatrixTile): Variant<ConvProblem, WeightGradArguments> {
  const grid = (k: ConvProblem): Tiles => [ceilDiv(k.o, tile.columns), ceilDiv(k.kh * k.kw * k.c, tile.rows)];
  return {
    ...tile.info('conv2d/weight-grad-matrix', 'reduce/sum-parts'),
    supports: (device, k) => tile.suits(device, k, k.kh * k.kw * k.c, k.o),
    launch: (device, k, args) => {
      const constants = {
        EIGHTS_C: k.c % 8 === 0 ? 1 : 0,
        EIGHTS_O: k.o % 8 === 0 ? 1 : 0,
        LONG_LINES: k.q >= tile.slab ? 1 : 0,
      };
      const { x, y } = convSizes(k);
      tile.withOperands(device, [args.x, x], [args.dy, y], (more) =>
        split(device, k, args, {
          kernel: kernel('conv2d/weight-grad-matrix', constants, tile.specialisation(device, k.o % 8 === 0)),
          tiles: grid(k),
          splits: shares(GPU_WORKGROUPS, grid(k), ceilDiv(k.n * k.p * k.q, GPU_SHARE)),
          more,
          matrices: true,
        }),
      );
    },
  };
}

/** dw (+)= the gradient of conv(x, weight) with respect to weight. */
export const convWeightGrad: Operation<ConvProblem, WeightGradArguments> = {
  name: 'conv2d.weightGrad',
  variants: [
    ...splitTiles.map(matrixTiled),
    ...lanes.map(tiled),
    thinInput,
    thinOutput,
    ...matrixTiles.map(matrixTiled),
    ...tiles.map(workgroupTiled),
    ...winograds,
    narrowOutput,
    narrowInput,
    ...tapsWeightGrad([...lanes.map(tiled), ...tapsMatrices.map(matrixTiled), ...tapsTiles.map(workgroupTiled)]),
    naive,
  ],
  describe,
  exampleArguments: (k, buffers, full = false) => {
    const { x, weight, y } = convSizes(k);
    return {
      x: buffers.input(x, k.dtype),
      dy: buffers.input(y, k.dtype),
      dw: full ? buffers.sum(weight) : buffers.output(weight),
      accumulate: full,
    };
  },
};
