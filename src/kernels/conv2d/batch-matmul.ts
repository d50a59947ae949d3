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

/** Products of a [batch, rows, depth] and b [batch, depth, columns]. All are multiples of 4 where they lie last. */
export interface MatmulProblem extends MatmulLayout {
  readonly batch: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

/** How operands lie otherwise. */
export interface MatmulLayout {
  /** a as [batch, depth, rows]. */
  readonly depthFirst?: boolean;
  /** b as [batch, columns, depth]; not besides. Where a does not lie depth first, b lies in panels: see wgsl/winograd/parts/panels.wgsl. */
  readonly transposed?: boolean;
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

/** Two products where a lies depth first, which are added up. */
interface JoinedArguments extends MatmulArguments {
  earlier: { a: BufferSlice; b: BufferSlice; depth: number };
}

/** A way to add up two products where a lies depth first. */
export interface JoinedMatmul {
  readonly source: KernelSource;
  kernel(): Kernel;
  /** What one workgroup computes. */
  readonly tile: Pick<Tile, 'rows' | 'columns'>;
}

/** A way to compute such products. */
export interface BatchMatmul extends Pick<VariantInfo, 'madeFor' | 'workgroupBytes' | 'instead'> {
  /** For the variant's name, e.g. `64x64`; empty for the first. */
  readonly size: string;
  source(layout: MatmulLayout): KernelSource;
  kernel(layout: MatmulLayout): Kernel;
  /** Null where nothing joins. */
  readonly joined: JoinedMatmul | null;
  /** Vec4s in a panel of transformed weights with so many columns. */
  panel(columns: number): number;
  /** What one workgroup computes. */
  tile(layout: MatmulLayout): Pick<Tile, 'rows' | 'columns'>;
  supports(device: Device, problem: MatmulProblem): boolean;
}

/** In registers, by lanes that hand operands round. */
export function lanesMatmul(by: Lanes): BatchMatmul {
  const source = ({ depthFirst }: MatmulLayout) =>
    depthFirst ? 'winograd/product-depth-first-tiled' : 'winograd/product-tiled';
  return {
    size: by.suffix,
    madeFor: 'cpu',
    workgroupBytes: 0,
    instead: by.instead,
    source,
    kernel: (layout) => {
      const constants = layout.depthFirst ? {} : { TRANSPOSED: layout.transposed ? 1 : 0 };
      return kernel(source(layout), constants, { instead: by.instead });
    },
    joined: {
      source: 'winograd/product-joined-tiled',
      kernel: () => kernel('winograd/product-joined-tiled', {}, { instead: by.instead }),
      tile: { rows: 4 * by.count, columns: 4 * by.count },
    },
    panel: () => by.count,
    tile: ({ depthFirst }) => ({ rows: (depthFirst ? 4 : 2) * by.count, columns: 4 * by.count }),
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
    kernel: ({ depthFirst, transposed }) => {
      const layout = { DEPTH_FIRST: depthFirst ? 1 : 0, TRANSPOSED: transposed ? 1 : 0 };
      return kernel('winograd/product-workgroup', { ...tileConstants(tile), ...layout });
    },
    joined: null,
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
  const { batch, rows, depth, columns } = problem;
  const tile = way.tile(problem);
  device.launch({
    kernel: way.kernel(problem),
    bindings: [a, b, out],
    immediates: immediates(rows, depth, columns),
    workgroups: [ceilDiv(rows, tile.rows), ceilDiv(columns, tile.columns), batch],
    label,
    flops,
    bytes: 4 * batch * (rows * depth + depth * columns + rows * columns),
  });
}

/** out = a · b plus the earlier product. */
export function joinedMatmul(
  device: Device,
  { kernel: kernelOf, tile }: JoinedMatmul,
  problem: MatmulProblem,
  { a, b, earlier, out, label, flops }: JoinedArguments,
): void {
  const { batch, rows, depth, columns } = problem;
  device.launch({
    kernel: kernelOf(),
    bindings: [a, b, earlier.a, earlier.b, out],
    immediates: immediates(rows, depth, columns, earlier.depth),
    workgroups: [ceilDiv(rows, tile.rows), ceilDiv(columns, tile.columns), batch],
    label,
    flops,
    bytes: 4 * batch * ((depth + earlier.depth) * (rows + columns) + rows * columns),
  });
}
