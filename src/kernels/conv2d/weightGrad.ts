import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, groups, type Kernel } from '../../gpu/launch.ts';
import { kernel } from '../source.ts';
import { sumParts, withParts } from '../sumParts.ts';
import { type ConvProblem, choose, convBytes, convFlops, convImmediates, hasLanes, type Variant } from './problem.ts';

export interface WeightGradArguments {
  x: BufferSlice;
  dy: BufferSlice;
  dw: BufferSlice;
  /** Add to what `dw` holds. */
  accumulate: boolean;
}

/** The depth n·p·q is split until this many workgroups share the work: enough to keep the cores of a CPU evenly busy. */
const WORKGROUPS = 16;

/** Launches `tiles` workgroups a share of the depth, at most one share for each of `lines` rows, and adds several shares up. */
function split(
  device: Device,
  k: ConvProblem,
  { x, dy, dw, accumulate }: WeightGradArguments,
  code: Kernel,
  tiles: readonly [number, number],
  lines: number,
): void {
  const splits = Math.min(lines, groups(WORKGROUPS, tiles[0] * tiles[1]));
  const count = k.kh * k.kw * k.c * k.o;
  const launch = (target: BufferSlice, add: boolean) =>
    device.launch({
      kernel: code,
      bindings: [x, dy, target],
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
    sumParts(device, part, dw, count, splits, accumulate);
  });
}

const tiled: Variant<WeightGradArguments> = {
  name: 'tiled',
  supports: (device, k) => k.c % 4 === 0 && k.o % 4 === 0 && hasLanes(device, 1),
  launch: (device, k, args) =>
    split(
      device,
      k,
      args,
      kernel('conv2d_weight_grad_tiled', 'rrw'),
      [groups(k.o, 32), k.kh * k.kw * groups(k.c, 32)],
      k.n * k.p,
    ),
};

const thinInput: Variant<WeightGradArguments> = {
  name: 'thin_input',
  supports: (device, k) => k.o % 4 === 0 && hasLanes(device, 1),
  launch: (device, k, args) =>
    split(
      device,
      k,
      args,
      kernel('conv2d_weight_grad_thin_input', 'rrw'),
      [groups(k.o, 32), groups(k.kh * k.kw * k.c, 32)],
      k.n * k.p,
    ),
};

const thinOutput: Variant<WeightGradArguments> = {
  name: 'thin_output',
  supports: (device, k) => k.c % 4 === 0 && k.stride === 1 && hasLanes(device, 1),
  launch: (device, k, args) =>
    split(
      device,
      k,
      args,
      kernel('conv2d_weight_grad_thin_output', 'rrw'),
      [groups(k.c, 32), groups(k.kh * k.kw * k.o, 32)],
      k.n * k.h,
    ),
};

const naive: Variant<WeightGradArguments> = {
  name: 'naive',
  supports: () => true,
  launch: (device, k, { x, dy, dw, accumulate }) => {
    const count = k.kh * k.kw * k.c * k.o;
    withParts(device, count, (part) => {
      device.launch({
        kernel: kernel('conv2d_weight_grad_naive', 'rrw'),
        bindings: [x, dy, part],
        immediates: convImmediates(k),
        workgroups: [Math.min(groups(count, 64), 65535), 1, 1],
        label: 'conv2d.weightGrad',
        flops: convFlops(k),
        bytes: convBytes(k),
      });
      sumParts(device, part, dw, count, 1, accumulate);
    });
  },
};

/** Ways to compute dw from x and dy, in order of preference. */
export const weightGradVariants: readonly Variant<WeightGradArguments>[] = [tiled, thinInput, thinOutput, naive];

/** dw (+)= the gradient of conv(x, weight) with respect to weight. */
export function convWeightGrad(device: Device, problem: ConvProblem, args: WeightGradArguments): void {
  choose(weightGradVariants, device, problem).launch(device, problem, args);
}
