/** Instance normalisation of x [N, H·W, C] over the pixels of each image and channel, with an activation and a residual in the same pass. */
import type { Device } from '../gpu/device.ts';
import { type BufferSlice, f32, groups, immediates } from '../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from './activation.ts';
import { kernel } from './source.ts';
import { sumParts, withParts } from './sumParts.ts';

export interface NormProblem {
  n: number;
  pixels: number;
  channels: number;
  eps: number;
  activation: Activation;
  /** γ and β, one value a channel each. */
  affine: { gamma: BufferSlice; beta: BufferSlice } | null;
}

export interface NormForward {
  x: BufferSlice;
  residual: BufferSlice | null;
  /** Receives mean and 1/√(variance + eps) as [N, 2, C]; the backward pass needs it. */
  stats: BufferSlice;
  y: BufferSlice;
}

export interface NormBackward {
  x: BufferSlice;
  stats: BufferSlice;
  dy: BufferSlice;
  /** Receives Σg and Σg·x̂ as [N, 2, C]: the gradients of β and γ, image by image. */
  sums: BufferSlice;
  dx: BufferSlice;
}

export interface NormVariant {
  readonly name: string;
  supports(problem: NormProblem): boolean;
  forward(device: Device, problem: NormProblem, args: NormForward): void;
  backward(device: Device, problem: NormProblem, args: NormBackward): void;
}

/** Pixels a workgroup walks; short shares keep the statistics exact and feed many cores. */
const SHARE = 256;

/** γ and β, or any buffer in their place that the kernel does not read. */
function affineOr({ affine }: NormProblem, standIn: BufferSlice): [BufferSlice, BufferSlice] {
  return affine ? [affine.gamma, affine.beta] : [standIn, standIn];
}

function constants({ activation, affine }: NormProblem): Record<string, number> {
  return { ACTIVATION: ACTIVATION_CODES[activation], AFFINE: affine ? 1 : 0 };
}

const vec4: NormVariant = {
  name: 'vec4',
  supports: ({ channels }) => channels % 4 === 0,
  forward(device, k, { x, residual, stats, y }) {
    const splits = groups(k.pixels, SHARE);
    const size = 4 * k.n * k.pixels * k.channels;
    const common = { immediates: immediates(k.n, k.pixels, k.channels, splits, f32(k.eps)) };
    const grid = [groups(k.channels, 32), k.n, splits] as const;
    withParts(device, splits * k.n * 2 * k.channels, (part) => {
      const label = 'instanceNorm.stats';
      device.launch({
        ...common,
        kernel: kernel('instance_norm_stats', 'rw'),
        bindings: [x, part],
        workgroups: grid,
        label,
        flops: size,
        bytes: size,
      });
      const merge = {
        kernel: kernel('instance_norm_merge', 'rw'),
        bindings: [part, stats],
        label: 'instanceNorm.merge',
      };
      device.launch({ ...common, ...merge, workgroups: [grid[0], k.n, 1], flops: 0, bytes: part.size });
    });
    device.launch({
      ...common,
      kernel: kernel('instance_norm_apply', 'rrrrrw', { ...constants(k), RESIDUAL: residual ? 1 : 0 }),
      bindings: [x, stats, ...affineOr(k, stats), residual ?? x, y],
      workgroups: grid,
      label: 'instanceNorm.apply',
      flops: size / 2,
      bytes: size * (residual ? 3 : 2),
    });
  },
  backward(device, k, { x, stats, dy, sums, dx }) {
    const splits = groups(k.pixels, SHARE);
    const count = 2 * k.n * k.channels;
    const size = 4 * k.n * k.pixels * k.channels;
    const common = { immediates: immediates(k.n, k.pixels, k.channels, splits, f32(k.eps)) };
    const grid = [groups(k.channels, 32), k.n, splits] as const;
    withParts(device, splits * count, (part) => {
      device.launch({
        ...common,
        kernel: kernel('instance_norm_grad_sums', 'rrrrrw', constants(k)),
        bindings: [x, stats, ...affineOr(k, stats), dy, part],
        workgroups: grid,
        label: 'instanceNorm.gradSums',
        flops: size,
        bytes: 2 * size,
      });
      sumParts(device, part, sums, count, splits, false);
    });
    device.launch({
      ...common,
      kernel: kernel('instance_norm_grad', 'rrrrrrw', constants(k)),
      bindings: [x, stats, ...affineOr(k, stats), dy, sums, dx],
      workgroups: grid,
      label: 'instanceNorm.grad',
      flops: 2 * size,
      bytes: 3 * size,
    });
  },
};

const naive: NormVariant = {
  name: 'naive',
  supports: () => true,
  forward(device, k, { x, residual, stats, y }) {
    const size = 4 * k.n * k.pixels * k.channels;
    device.launch({
      kernel: kernel('instance_norm_naive', 'rrrrww', { ...constants(k), RESIDUAL: residual ? 1 : 0 }),
      bindings: [x, ...affineOr(k, x), residual ?? x, stats, y],
      immediates: immediates(k.n, k.pixels, k.channels, 1, f32(k.eps)),
      workgroups: [groups(k.channels, 8), k.n, 1],
      label: 'instanceNorm.forward',
      flops: 2 * size,
      bytes: 3 * size,
    });
  },
  backward(device, k, { x, stats, dy, sums, dx }) {
    const size = 4 * k.n * k.pixels * k.channels;
    device.launch({
      kernel: kernel('instance_norm_grad_naive', 'rrrrrww', constants(k)),
      bindings: [x, stats, ...affineOr(k, stats), dy, sums, dx],
      immediates: immediates(k.n, k.pixels, k.channels, 1, f32(k.eps)),
      workgroups: [groups(k.channels, 8), k.n, 1],
      label: 'instanceNorm.backward',
      flops: 3 * size,
      bytes: 5 * size,
    });
  },
};

/** Ways to normalise, in order of preference; the last supports every shape. */
export const normVariants: readonly NormVariant[] = [vec4, naive];

/** The preferred way for this problem. */
export function normVariant(problem: NormProblem): NormVariant {
  return normVariants.find((variant) => variant.supports(problem)) ?? naive;
}
