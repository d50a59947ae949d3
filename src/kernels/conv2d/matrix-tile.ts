/**
 * The tiles of the convolutions on matrix hardware: what one workgroup computes; see wgsl/conv2d/parts/matrix-gemm.wgsl. Browsers offer no
 * matrices without a flag: bundles for pages leave them out, by matrix-tile-in-page.ts in place of this file.
 */
import type { Device } from '../../gpu/device.ts';
import type { MatrixConfig } from '../../gpu/host/adapter.ts';
import { type BufferSlice, ceilDiv, immediates } from '../../gpu/launch.ts';
import { EIGHTS, kernel, SPLIT, type Specialisation, WIDE } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';
import type { VariantInfo } from '../variant.ts';
import { type ConvProblem, convSizes } from './problem.ts';

interface Shape {
  readonly rows: number;
  readonly columns: number;
  /** Subgroups below each other and side by side, where their matrices are large enough; else there are more. */
  readonly down: number;
  readonly across: number;
  /** Whether workgroup memory holds, and an invocation stores there, eight numbers at a time instead of four. */
  readonly wide?: boolean;
}

/** In order of preference. */
const shapes: readonly Shape[] = [
  { rows: 64, columns: 128, down: 1, across: 4 },
  { rows: 128, columns: 64, down: 2, across: 2 },
  { rows: 64, columns: 64, down: 2, across: 2 },
  { rows: 128, columns: 128, down: 2, across: 4 },
  { rows: 128, columns: 16, down: 4, across: 1 },
  { rows: 128, columns: 128, down: 2, across: 2, wide: true },
  { rows: 64, columns: 128, down: 1, across: 4, wide: true },
];

/**
 * The kernels have names for 4 × 4 matrices of a subgroup, or for 4 × 2 in two accumulators, and for 4 chunks of each operand, since in
 * arrays they would not stay in registers. So a layout has no more.
 */
const NAMED = 4;
const NAMED_SPLIT = 2;
/** Chunks of pixels with a margin. */
const NAMED_STAGED = 6;

/** Workgroups that look for the largest number of an operand, as wgsl/conv2d/parts/matrix-operands-split.wgsl reads what they leave. */
const LARGEST_GROUPS = 128;

/** How a device computes a tile: the matrices of its subgroups, the subgroups below each other and side by side, and the depth of a slab. */
interface Layout {
  readonly config: MatrixConfig;
  readonly down: number;
  readonly across: number;
  readonly slab: number;
}

/** What of a layout says how much memory it takes. */
type Sizes = Pick<Layout, 'down' | 'across' | 'slab'> & { readonly config: Pick<MatrixConfig, 'm' | 'n'> };

/** An operand of a product, and how many numbers it has. */
type Operand = readonly [slice: BufferSlice, count: number];

export class MatrixTile {
  readonly rows: number;
  readonly columns: number;
  /**
   * Depth steps that are staged at a time, at most: of two parts of an operand half as many as of one. Half or a quarter as many where a device
   * has too little workgroup memory.
   */
  readonly slab: number;
  /** e.g. `matrix128x64`, `matrix128x128_wide` or `matrix128x64_split`. */
  readonly name: string;
  /** Split ones for any: where products may be split they are the default, also on software devices, which else would not try them. */
  readonly madeFor: 'gpu' | 'any';
  readonly instead: Readonly<Record<string, string>>;
  /** With 16 × 16 matrices and half the slab. */
  readonly workgroupBytes: number;

  /** @param split whether operands are f32, each split into two of f16; else they are f16 @param suffix of the name */
  constructor(
    private readonly shape: Shape,
    private readonly split: boolean,
    suffix = split ? '_split' : '',
  ) {
    const { rows, columns } = shape;
    this.rows = rows;
    this.columns = columns;
    this.slab = split ? 16 : 32;
    this.name = `matrix${rows}x${columns}${shape.wide ? '_wide' : ''}${suffix}`;
    this.madeFor = split ? 'any' : 'gpu';
    this.instead = { ...(shape.wide && WIDE), ...(split && SPLIT) };
    this.workgroupBytes = this.bytesWith({ ...shape, config: { m: 16, n: 16 }, slab: this.slab / 2 });
  }

  /** What a variant that launches such a kernel, and others, says of itself. */
  info(...sources: string[]): VariantInfo {
    const { name, madeFor, instead, workgroupBytes } = this;
    return {
      ...{ name, madeFor, instead, workgroupBytes },
      sources: this.split ? [...sources, 'conv2d/matrix-largest'] : sources,
    };
  }

  /** Whether it suits a problem, as a product of so many rows and columns, here: the device has matrices for it, and it is not twice as long. */
  suits(device: Device, k: ConvProblem, rows: number, columns: number): boolean {
    return (
      this.takes(k) &&
      this.fits(device) &&
      Math.max(ceilDiv(rows, this.rows), ceilDiv(columns, this.columns)) <=
        device.limits.maxComputeWorkgroupsPerDimension &&
      (2 * rows > this.rows || this.rows <= 64) &&
      (2 * columns > this.columns || this.columns <= 16)
    );
  }

  /** Whether a device has matrices and memory for it, and workgroups that are large enough. */
  fits(device: Device): boolean {
    const layout = this.layoutOn(device);
    if (!layout) return false;
    const { limits } = device;
    const invocations = layout.down * layout.across * device.info.subgroupSize.max;
    return invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  }

  /** The kernel's text on a device that it suits. @param eights whether rows of results are whole eights */
  specialisation(device: Device, eights: boolean): Specialisation {
    const layout = this.layoutOn(device);
    if (!layout) throw new Error(`${device.info.name} has no matrices for the tile ${this.name}.`);
    const { m, n, k } = layout.config;
    const { rows, columns } = this;
    return {
      instead: { ...(eights ? EIGHTS : {}), ...this.instead },
      sizes: {
        ...{ M: m, N: n, K: k, SUBGROUP: device.info.subgroupSize.max },
        ...{ ROWS: rows, COLUMNS: columns, SLAB: layout.slab },
        ...{ DOWN: layout.down, ACROSS: layout.across },
      },
    };
  }

  /**
   * Lends `launch` the bindings that follow those of an operation: both operands once more, as chunks, and how large they are. That is found
   * on the device, before; where nothing is split the first stands in, unread.
   */
  withOperands(device: Device, a: Operand, b: Operand, launch: (more: readonly BufferSlice[]) => void): void {
    const [[sliceA, countA], [sliceB, countB]] = [a, b];
    if (!this.split) {
      launch([sliceA, sliceB, sliceA]);
      return;
    }
    withTemporary(device, 4 * 2 * LARGEST_GROUPS, (largest) => {
      device.launch({
        kernel: kernel('conv2d/matrix-largest'),
        bindings: [sliceA, sliceB, largest],
        immediates: immediates(countA, countB),
        workgroups: [LARGEST_GROUPS, 2, 1],
        label: 'conv2d.largest',
        flops: 0,
        bytes: 4 * (countA + countB),
      });
      launch([sliceA, sliceB, largest]);
    });
  }

  /** Whether its kernels read and write the tensors of a problem. Those for f32 bind them as whole eights, too. */
  private takes(k: ConvProblem): boolean {
    if (!this.split) return k.dtype === 'f16';
    const { x, weight, y } = convSizes(k);
    return k.split === true && k.dtype === 'f32' && Math.min(x, weight, y) >= 8;
  }

  /** The layout with the preferred matrices of f16 with f32 sums that fit, and the deepest slab; none where a device's subgroups differ in size. */
  protected layoutOn({ features, info, limits }: Device): Layout | null {
    const { matrixConfigs, subgroupSize } = info;
    const offered = features.has('chromium-experimental-subgroup-matrix');
    if (!offered || subgroupSize.min !== subgroupSize.max) return null;
    for (const config of matrixConfigs) {
      if (config.component !== 'f16' || config.result !== 'f32' || config.n % 8 !== 0) continue;
      for (const slab of [this.slab, this.slab / 2, this.slab / 4]) {
        const layout = this.layoutWith(config, slab, subgroupSize.max);
        if (layout && this.bytesWith(layout) <= limits.maxComputeWorkgroupStorageSize) return layout;
      }
    }
    return null;
  }

  /** Lines of operand a in a slab, or as many pixels. */
  protected linesOfA(_: Pick<MatrixConfig, 'm'>): number {
    return this.rows;
  }

  protected get mostLoadsOfA(): number {
    return NAMED;
  }

  /** As few subgroups as can hold the tile. */
  private layoutWith(config: MatrixConfig, slab: number, lanes: number): Layout | null {
    const { rows, columns, split } = this;
    let { down, across } = this.shape;
    for (;;) {
      const [downEach, acrossEach] = [rows / (config.m * down), columns / (config.n * across)];
      if (!Number.isInteger(downEach) || !Number.isInteger(acrossEach) || slab % config.k !== 0) return null;
      const loads = (lines: number) => (lines * slab) / 8 / (lanes * down * across);
      const fewLoads = loads(columns) <= NAMED && loads(this.linesOfA(config)) <= this.mostLoadsOfA;
      if (downEach <= NAMED && acrossEach <= (split ? NAMED_SPLIT : NAMED) && fewLoads)
        return { config, down, across, slab };
      if (downEach > acrossEach) down *= 2;
      else across *= 2;
    }
  }

  /**
   * Workgroup memory in bytes. Lines of slabs are padded by 8 numbers. Results leave in lines of matrices, or one matrix in two parts at a
   * time, padded by 4.
   */
  private bytesWith({ config, down, across, slab }: Sizes): number {
    const { m, n } = config;
    const { rows, columns, split } = this;
    const padded =
      Math.max(this.linesOfA(config) * (slab + 8), slab * (rows + 8)) +
      Math.max(columns * (slab + 8), slab * (columns + 8));
    const lines = split ? across * (2 * n + 4) : columns + 4 * across;
    return (split ? 2 : 1) * 2 * padded + 4 * down * m * lines + (split ? 8 : 0);
  }
}

/** A tile of rectangles of an image, whose pixels are staged once for all taps of 3 × 3: see wgsl/conv2d/forward-matrix-halo.wgsl. */
export class HaloTile extends MatrixTile {
  constructor(shape: Shape) {
    super(shape, false, '_halo');
  }

  /** How many rectangles cover the outputs of a problem that it suits, on a device that has matrices for it. */
  rectangles(device: Device, { n, p, q }: ConvProblem): number {
    const m = this.layoutOn(device)?.config.m ?? 1;
    return n * ceilDiv(p, this.rows / m) * ceilDiv(q, m);
  }

  override suits(device: Device, k: ConvProblem): boolean {
    const isPlain = k.kh === 3 && k.kw === 3 && k.stride === 1 && k.c % 8 === 0 && k.o % 8 === 0;
    return isPlain && super.suits(device, k, this.rectangles(device, k) * this.rows, k.o);
  }

  protected override linesOfA({ m }: Pick<MatrixConfig, 'm'>): number {
    return (this.rows / m + 2) * (m + 2);
  }

  protected override get mostLoadsOfA(): number {
    return NAMED_STAGED;
  }
}

/** Those of rectangles, in order of preference. */
export const haloTiles: readonly HaloTile[] = [
  new HaloTile({ rows: 128, columns: 128, down: 2, across: 2 }),
  new HaloTile({ rows: 64, columns: 128, down: 1, across: 4 }),
];

/** For operands in f16, in order of preference. */
export const matrixTiles = shapes.map((shape) => new MatrixTile(shape, false));

/** For operands in f32 that may be split, likewise; of these none is wide yet. */
export const splitTiles = shapes.filter(({ wide }) => !wide).map((shape) => new MatrixTile(shape, true));

/** Whether a device can compute any of {@link splitTiles}. */
export function offersSplit(device: Device): boolean {
  return splitTiles.some((tile) => tile.fits(device));
}
