/**
 * Many products of matrices at once, in f32: what Winograd's convolutions spend their time in.
 *
 * - lanesMatmul, for CPUs: registers, and rows handed round by subgroup broadcast. llvmpipe (Mesa 25.0.7), one core, 2026-11-27, the
 *   16 products of 3×3 128→128 at 16×16: 14 GFLOP/s, which are 31 by the convolution's formula; the tiled convolution 10 to 14.
 * - workgroupMatmul, for GPUs: tiles staged through workgroup memory. Not timed on a GPU.
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates, type Kernel } from '../../gpu/launch.ts';
import { type KernelSource, kernel } from '../source.ts';
import type { VariantInfo } from '../variant.ts';
import { hasLanes, type Lanes, lanesSuit } from './lanes.ts';
import { type Tile, tileBytes, tileConstants, tileSuits } from './tile.ts';

/**
 * a [batch, rows, depth] times b [batch, depth, columns]; `depthFirst` if a lies [batch, depth, rows]. All are multiples of 4 where they lie
 * last. Unless a lies so, b lies in panels; see wgsl/winograd/parts/panels.wgsl.
 */
export interface MatmulProblem {
  readonly batch: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly depthFirst: boolean;
}

interface MatmulArguments {
  a: BufferSlice;
  b: BufferSlice;
  out: BufferSlice;
  /** Of the operation of which it is a part, … */
  label: string;
  /** … and that operation's FLOP. */
  flops: number;
}

/** A way to compute such products. */
export interface BatchMatmul extends Pick<VariantInfo, 'madeFor' | 'workgroupBytes' | 'instead'> {
  /** For the variant's name, e.g. `64x64`; empty for the first. */
  readonly size: string;
  source(depthFirst: boolean): KernelSource;
  kernel(depthFirst: boolean): Kernel;
  /** Vec4s of columns in a panel of b. */
  panel(columns: number): number;
  /** What one workgroup computes. */
  tile(depthFirst: boolean): Pick<Tile, 'rows' | 'columns'>;
  supports(device: Device, problem: MatmulProblem): boolean;
}

/** In registers, by lanes that hand operands round. */
export function lanesMatmul(by: Lanes): BatchMatmul {
  const source = (depthFirst: boolean) =>
    depthFirst ? 'winograd/product-depth-first-tiled' : 'winograd/product-tiled';
  return {
    size: by.suffix,
    madeFor: 'cpu',
    workgroupBytes: 0,
    instead: by.instead,
    source,
    kernel: (depthFirst) => kernel(source(depthFirst), {}, { instead: by.instead }),
    panel: () => by.count,
    tile: (depthFirst) => ({ rows: (depthFirst ? 4 : 2) * by.count, columns: 4 * by.count }),
    supports: (device, { rows, columns }) =>
      lanesSuit(by, columns) && hasLanes(by, device, [ceilDiv(rows, 2 * by.count)]),
  };
}

/** In tiles that are staged through workgroup memory. */
export function workgroupMatmul(tile: Tile): BatchMatmul {
  return {
    size: `${tile.rows}x${tile.columns}`,
    madeFor: 'gpu',
    workgroupBytes: tileBytes(tile),
    source: () => 'winograd/product-workgroup',
    kernel: (depthFirst) =>
      kernel('winograd/product-workgroup', { ...tileConstants(tile), DEPTH_FIRST: depthFirst ? 1 : 0 }),
    panel: (columns) => columns / 4,
    tile: () => tile,
    supports: (device, { rows, columns }) => tileSuits(device, tile, rows, columns),
  };
}

/** out = a · b. */
export function batchMatmul(
  device: Device,
  way: BatchMatmul,
  problem: MatmulProblem,
  { a, b, out, label, flops }: MatmulArguments,
): void {
  const { batch, rows, depth, columns, depthFirst } = problem;
  const tile = way.tile(depthFirst);
  device.launch({
    kernel: way.kernel(depthFirst),
    bindings: [a, b, out],
    immediates: immediates(rows, depth, columns),
    workgroups: [ceilDiv(rows, tile.rows), ceilDiv(columns, tile.columns), batch],
    label,
    flops,
    bytes: 4 * batch * (rows * depth + depth * columns + rows * columns),
  });
}
