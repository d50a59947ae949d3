/**
 * dx = γ · rstd · (g − Σg/HW − x̂ · Σg·x̂/HW) over the planes of x [N,HW,C], with g = dy · activation′, and the two sums.
 *
 * The ladder for CPUs; llvmpipe (Mesa 25.0.7), 2 cores, f32, 2026-11-25, processor time unless said otherwise:
 * - naive: the formula, one invocation a plane. With the launch, [1,256,128] 0.35 ms, as plane.
 * - vec4: 4 channels a lane, the pixels in shares; two launches. 128×128×64 2.62 ms.
 * - plane: one launch for planes of at most 4,096 pixels. 16×16×128 0.13 ms, 64×64×32 0.33; in shares, three launches then, 0.20
 *   and 0.48.
 *
 * The ladder for GPUs; NVIDIA H200 (driver 580.159.04), f16, 2026-11-26:
 * - naive: [16,16384,128] 9.2 ms.
 * - vec4: 1.0 ms there.
 * - workgroup: a workgroup owns the plane of 8 channels. 0.19 ms there; [16,1024,256] 0.024 ms.
 * - split: shares of the pixels, 32 channels a workgroup, in two launches. 0.113 ms there (92 % of the copy rate). Where dy is still to be
 *   folded, the first of them does that too, which was not timed on a GPU.
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

/** How dy is made of the gradient of an image padded by reflection: each mirrored pixel is added to the one that it is a mirror of. */
export interface Fold {
  /** [N, h + 2 pad, w + 2 pad, C] */
  readonly padded: BufferSlice;
  /** [N, h, w, C], added to it; null for nothing. */
  readonly addend: BufferSlice | null;
  readonly h: number;
  readonly w: number;
  readonly pad: number;
}

export interface NormBackwardArguments extends NormOptions {
  x: BufferSlice;
  /** Mean and rstd of x as [N, 2, C], from any forward variant. */
  stats: BufferSlice;
  dy: BufferSlice;
  /** How dy comes to be, which is then written on the way; given only where {@link foldsOnTheWay}. */
  fold?: Fold | undefined;
  /** Receives Σg and Σg·x̂ as [N, 2, C]: the gradients of β and γ, image by image. */
  sums: BufferSlice;
  dx: BufferSlice;
}

type NormVariant = Variant<NormProblem, NormBackwardArguments>;

const plane: NormVariant = {
  name: 'plane',
  madeFor: 'cpu',
  sources: ['instance-norm/grad-plane'],
  workgroupBytes: 0,
  supports: (_, k) => k.channels % 4 === 0 && fitsOneCore(k),
  launch(device, k, args) {
    const { x, stats, dy, sums, dx, eps } = args;
    device.launch({
      kernel: kernel('instance-norm/grad-plane', normConstants(args), { dtype: k.dtype }),
      bindings: [x, stats, ...affineOr(args, stats), dy, sums, dx],
      immediates: normImmediates(k, k.pixels, eps),
      workgroups: [ceilDiv(k.channels, 32), k.n, 1],
      label: 'instanceNorm.backward',
      flops: 12 * normSize(k),
      bytes: 3 * normBytes(k),
    });
  },
};

/** The kernels of two launches over shares of the pixels. */
interface Kernels {
  sums: string;
  grad: string;
  /** The sums, with dy folded on the way. */
  folded?: string;
}

/** Sums of each share of the pixels, and dx from those of all. */
function inShares(
  device: Device,
  k: NormProblem,
  args: NormBackwardArguments,
  { share, shares, sums: sumsKernel, grad, folded }: Shares & Kernels,
): void {
  const { x, stats, dy, fold, sums, dx, eps } = args;
  const bytes = normBytes(k);
  const immediates = normImmediates(k, share, eps);
  const common = { immediates, workgroups: [ceilDiv(k.channels, 32), k.n, shares] } as const;
  withParts(device, shares * 2 * k.n * k.channels, (part) => {
    if (fold && folded) {
      const { padded, addend, h, w, pad } = fold;
      device.launch({
        ...common,
        kernel: kernel(folded, { ...normConstants(args), ADDEND: addend ? 1 : 0 }, { dtype: k.dtype }),
        bindings: [x, stats, ...affineOr(args, stats), padded, addend ?? padded, dy, part],
        immediates: Uint32Array.of(...immediates, h, w, pad),
        label: 'instanceNorm.gradSums',
        flops: 4 * normSize(k),
        bytes: (addend ? 4 : 3) * bytes,
      });
    } else {
      device.launch({
        ...common,
        kernel: kernel(sumsKernel, normConstants(args), { dtype: k.dtype }),
        bindings: [x, stats, ...affineOr(args, stats), dy, part],
        label: 'instanceNorm.gradSums',
        flops: 4 * normSize(k),
        bytes: 2 * bytes,
      });
    }
    device.launch({
      ...common,
      kernel: kernel(grad, normConstants(args), { dtype: k.dtype }),
      bindings: [x, stats, ...affineOr(args, stats), dy, part, sums, dx],
      label: 'instanceNorm.grad',
      flops: 8 * normSize(k),
      bytes: 3 * bytes,
    });
  });
}

const vec4: NormVariant = {
  name: 'vec4',
  madeFor: 'cpu',
  sources: ['instance-norm/grad-sums', 'instance-norm/grad'],
  workgroupBytes: 0,
  supports: (_, { channels }) => channels % 4 === 0,
  launch: (device, k, args) =>
    inShares(device, k, args, { ...pixelShares(k), sums: 'instance-norm/grad-sums', grad: 'instance-norm/grad' }),
};

const FOLDED = 'instance-norm/grad-split-sums-folded';

const split: NormVariant = {
  name: 'split',
  madeFor: 'gpu',
  sources: ['instance-norm/grad-split-sums', FOLDED, 'instance-norm/grad-split'],
  workgroupBytes: WORKGROUP_BYTES,
  supports: (_, k) => k.channels % 4 === 0 && worthSplitting(k),
  launch: (device, k, args) =>
    inShares(device, k, args, {
      ...splitShares(k),
      sums: 'instance-norm/grad-split-sums',
      folded: FOLDED,
      grad: 'instance-norm/grad-split',
    }),
};

const workgroup: NormVariant = {
  name: 'workgroup',
  madeFor: 'gpu',
  sources: ['instance-norm/grad-workgroup'],
  workgroupBytes: WORKGROUP_BYTES,
  supports: (_, { channels }) => channels % 4 === 0,
  launch(device, k, args) {
    const { x, stats, dy, sums, dx, eps } = args;
    const { workgroups, constants } = workgroupLaunch(k);
    device.launch({
      kernel: kernel('instance-norm/grad-workgroup', { ...normConstants(args), ...constants }, { dtype: k.dtype }),
      bindings: [x, stats, ...affineOr(args, stats), dy, sums, dx],
      immediates: normImmediates(k, k.pixels, eps),
      workgroups,
      label: 'instanceNorm.backward',
      flops: 12 * normSize(k),
      bytes: 3 * normBytes(k),
    });
  },
};

const naive: NormVariant = {
  name: 'naive',
  madeFor: 'any',
  sources: ['instance-norm/grad-naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch(device, k, args) {
    const { x, stats, dy, sums, dx, eps } = args;
    device.launch({
      kernel: kernel('instance-norm/grad-naive', normConstants(args), { dtype: k.dtype }),
      bindings: [x, stats, ...affineOr(args, stats), dy, sums, dx],
      immediates: normImmediates(k, k.pixels, eps),
      workgroups: [ceilDiv(k.channels, 8), k.n, 1],
      label: 'instanceNorm.backward',
      flops: 12 * normSize(k),
      bytes: 3 * normBytes(k),
    });
  },
};

function part(args: NormBackwardArguments, { images, statistics }: Cut): NormBackwardArguments {
  const { x, stats, dy, sums, dx } = args;
  return {
    ...args,
    x: images(x),
    stats: statistics(stats),
    dy: images(dy),
    sums: statistics(sums),
    dx: images(dx),
  };
}

/** Whether a variant folds dy on the way: one that does, and a batch that its grid holds at once. */
export function foldsOnTheWay({ limits }: Device, { sources }: NormVariant, { n }: NormProblem): boolean {
  return sources.includes(FOLDED) && n <= limits.maxComputeWorkgroupsPerDimension;
}

/** dx and the sums from dy, with g = dy · activation′ and x̂ = (x − mean) · rstd: dx = γ · rstd · (g − Σg/HW − x̂ · Σg·x̂/HW). */
export const instanceNormBackward: Operation<NormProblem, NormBackwardArguments> = {
  name: 'instanceNorm.backward',
  variants: [plane, vec4, split, workgroup, naive].map((variant) => forAnyBatch(variant, part)),
  describe,
  exampleArguments: (k, buffers, full = false) => ({
    eps: 1e-5,
    activation: full ? 'leaky_relu' : 'relu',
    affine: full ? { gamma: buffers.input(k.channels), beta: buffers.input(k.channels) } : null,
    x: buffers.input(normSize(k), k.dtype),
    stats: buffers.input(2 * k.n * k.channels),
    dy: buffers.input(normSize(k), k.dtype),
    sums: buffers.output(2 * k.n * k.channels),
    dx: buffers.output(normSize(k), k.dtype),
  }),
};
