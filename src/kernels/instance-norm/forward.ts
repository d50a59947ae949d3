/**
 * y = activation(γ · (x − mean) · rstd + β) + residual over the planes of x [N,HW,C], and the statistics mean and rstd.
 *
 * The ladder for CPUs; llvmpipe (Mesa 25.0.7), 2 cores, f32, 2026-11-25, processor time unless said otherwise:
 * - naive: the formula, one invocation a plane, three passes. With the launch, [1,256,128] 0.35 ms, where plane takes 0.31.
 * - vec4: 4 channels a lane, the pixels in shares; two launches, since all shares must end before y can begin. 128×128×64 1.74 ms.
 * - plane: one launch for planes of at most 4,096 pixels, a lane walks the whole plane of its 4 channels. 16×16×128 0.09 ms, 64×64×32
 *   0.21; in shares, three launches then, 0.17 and 0.34.
 *
 * The ladder for GPUs; NVIDIA H200 (driver 580.159.04), f16, 2026-11-26:
 * - naive: [16,16384,128] 5.1 ms.
 * - vec4: 0.84 ms there.
 * - workgroup: a workgroup owns the plane of 8 channels and keeps small ones in registers. 0.14 ms there; [16,1024,256] 0.021 ms.
 * - split: shares of the pixels, 32 channels a workgroup, in two launches. 0.082 ms there (76 % of the copy rate).
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv } from '../../gpu/launch.ts';
import { kernel } from '../source.ts';
import { withParts } from '../sum-parts.ts';
import type { Operation, Variant } from '../variant.ts';
import { type Cut, forAnyBatch } from './any-batch.ts';
import {
  affineOr,
  describe,
  fitsOneCore,
  type NormOptions,
  type NormProblem,
  normBytes,
  normConstants,
  normImmediates,
  normSize,
  pixelShares,
  type Shares,
  splitShares,
  WORKGROUP_BYTES,
  workgroupLaunch,
  worthSplitting,
} from './problem.ts';

export interface NormForwardArguments extends NormOptions {
  x: BufferSlice;
  residual: BufferSlice | null;
  /** Receives mean and rstd = 1/√(variance + eps) as [N, 2, C]: all that any backward variant needs to know of this pass. */
  stats: BufferSlice;
  y: BufferSlice;
}

function constants(args: NormForwardArguments): Record<string, number> {
  return { ...normConstants(args), RESIDUAL: args.residual ? 1 : 0 };
}

const plane: Variant<NormProblem, NormForwardArguments> = {
  name: 'plane',
  madeFor: 'cpu',
  sources: ['instance-norm/plane'],
  workgroupBytes: 0,
  supports: (_, k) => k.channels % 4 === 0 && fitsOneCore(k),
  launch(device, k, args) {
    const { x, residual, stats, y, eps } = args;
    device.launch({
      kernel: kernel('instance-norm/plane', constants(args), { dtype: k.dtype }),
      bindings: [x, ...affineOr(args, x), residual ?? x, stats, y],
      immediates: normImmediates(k, k.pixels, eps),
      workgroups: [ceilDiv(k.channels, 32), k.n, 1],
      label: 'instanceNorm.forward',
      flops: 8 * normSize(k),
      bytes: normBytes(k) * (residual ? 3 : 2),
    });
  },
};

/** The kernels of two launches over shares of the pixels, and what specialises both. */
interface Kernels {
  stats: string;
  apply: string;
  sizes?: Readonly<Record<string, number>>;
}

/** Statistics of each share, and y from those of all. */
function inShares(
  device: Device,
  k: NormProblem,
  args: NormForwardArguments,
  { share, shares, stats: statsKernel, apply, sizes }: Shares & Kernels,
): void {
  const { x, residual, stats, y } = args;
  const bytes = normBytes(k);
  const specialisation = { dtype: k.dtype, ...(sizes && { sizes }) };
  const common = {
    immediates: normImmediates(k, share, args.eps),
    workgroups: [ceilDiv(k.channels, 32), k.n, shares],
  } as const;
  withParts(device, shares * k.n * 2 * k.channels, (part) => {
    device.launch({
      ...common,
      kernel: kernel(statsKernel, {}, specialisation),
      bindings: [x, part],
      label: 'instanceNorm.stats',
      flops: 4 * normSize(k),
      bytes,
    });
    device.launch({
      ...common,
      kernel: kernel(apply, constants(args), specialisation),
      bindings: [x, part, ...affineOr(args, x), residual ?? x, stats, y],
      label: 'instanceNorm.apply',
      flops: 2 * normSize(k),
      bytes: bytes * (residual ? 3 : 2),
    });
  });
}

const vec4: Variant<NormProblem, NormForwardArguments> = {
  name: 'vec4',
  madeFor: 'cpu',
  sources: ['instance-norm/stats', 'instance-norm/apply'],
  workgroupBytes: 0,
  supports: (_, { channels }) => channels % 4 === 0,
  launch: (device, k, args) =>
    inShares(device, k, args, { ...pixelShares(k), stats: 'instance-norm/stats', apply: 'instance-norm/apply' }),
};

const split: Variant<NormProblem, NormForwardArguments> = {
  name: 'split',
  madeFor: 'gpu',
  sources: ['instance-norm/split-stats', 'instance-norm/split-apply'],
  workgroupBytes: WORKGROUP_BYTES,
  supports: (_, k) => k.channels % 4 === 0 && worthSplitting(k),
  launch(device, k, args) {
    const shares = splitShares(k);
    // Eight loads in flight rather than four, where a row has that many pixels.
    const sizes = { AT_ONCE: shares.share >= 256 ? 8 : 4 };
    inShares(device, k, args, {
      ...shares,
      stats: 'instance-norm/split-stats',
      apply: 'instance-norm/split-apply',
      sizes,
    });
  },
};

const workgroup: Variant<NormProblem, NormForwardArguments> = {
  name: 'workgroup',
  madeFor: 'gpu',
  sources: ['instance-norm/workgroup'],
  workgroupBytes: WORKGROUP_BYTES,
  supports: (_, { channels }) => channels % 4 === 0,
  launch(device, k, args) {
    const { x, residual, stats, y, eps } = args;
    const { workgroups, constants: holding } = workgroupLaunch(k);
    device.launch({
      kernel: kernel('instance-norm/workgroup', { ...constants(args), ...holding }, { dtype: k.dtype }),
      bindings: [x, ...affineOr(args, x), residual ?? x, stats, y],
      immediates: normImmediates(k, k.pixels, eps),
      workgroups,
      label: 'instanceNorm.forward',
      flops: 8 * normSize(k),
      bytes: normBytes(k) * (residual ? 3 : 2),
    });
  },
};

const naive: Variant<NormProblem, NormForwardArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['instance-norm/naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch(device, k, args) {
    const { x, residual, stats, y, eps } = args;
    device.launch({
      kernel: kernel('instance-norm/naive', constants(args), { dtype: k.dtype }),
      bindings: [x, ...affineOr(args, x), residual ?? x, stats, y],
      immediates: normImmediates(k, k.pixels, eps),
      workgroups: [ceilDiv(k.channels, 8), k.n, 1],
      label: 'instanceNorm.forward',
      flops: 8 * normSize(k),
      bytes: normBytes(k) * (residual ? 3 : 2),
    });
  },
};

function part(args: NormForwardArguments, { images, statistics }: Cut): NormForwardArguments {
  const { x, residual, stats, y } = args;
  return {
    ...args,
    x: images(x),
    residual: residual && images(residual),
    stats: statistics(stats),
    y: images(y),
  };
}

/** y = activation(γ · (x − mean) · rstd + β) + residual. */
export const instanceNormForward: Operation<NormProblem, NormForwardArguments> = {
  name: 'instanceNorm.forward',
  variants: [plane, vec4, split, workgroup, naive].map((variant) => forAnyBatch(variant, part)),
  describe,
  exampleArguments: (k, buffers, full = false) => ({
    eps: 1e-5,
    // A residual is added to what has no activation.
    activation: full ? 'none' : 'relu',
    affine: full ? { gamma: buffers.input(k.channels), beta: buffers.input(k.channels) } : null,
    x: buffers.input(normSize(k), k.dtype),
    residual: full ? buffers.input(normSize(k), k.dtype) : null,
    stats: buffers.output(2 * k.n * k.channels),
    y: buffers.output(normSize(k), k.dtype),
  }),
};
