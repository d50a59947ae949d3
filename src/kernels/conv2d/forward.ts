import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, groups, type Kernel } from '../../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from '../activation.ts';
import { kernel } from '../source.ts';
import { type ConvProblem, choose, convBytes, convFlops, convImmediates, hasLanes, type Variant } from './problem.ts';

export interface ForwardArguments {
  x: BufferSlice;
  weight: BufferSlice;
  bias: BufferSlice | null;
  y: BufferSlice;
  activation: Activation;
}

function dispatch(
  device: Device,
  k: ConvProblem,
  { x, weight, bias, y }: ForwardArguments,
  code: Kernel,
  workgroups: readonly [number, number, number],
): void {
  device.launch({
    kernel: code,
    // A kernel without bias has the binding all the same; the weights stand in, unread.
    bindings: [x, weight, bias ?? weight, y],
    immediates: convImmediates(k),
    workgroups,
    label: 'conv2d.forward',
    flops: convFlops(k),
    bytes: convBytes(k),
  });
}

function constants({ bias, activation }: ForwardArguments): Record<string, number> {
  return { BIAS: bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] };
}

const rows = ({ n, p, q }: ConvProblem) => n * p * q;

const tiled: Variant<ForwardArguments> = {
  name: 'tiled',
  supports: (device, k) => k.c % 4 === 0 && k.o % 4 === 0 && hasLanes(device, groups(rows(k), 16)),
  launch: (device, k, args) =>
    dispatch(device, k, args, kernel('conv2d_forward_tiled', 'rrrw', constants(args)), [
      groups(rows(k), 16),
      groups(k.o, 32),
      1,
    ]),
};

const thinOutput: Variant<ForwardArguments> = {
  name: 'thin_output',
  supports: (device, k) => k.o <= 4 && k.c % 4 === 0 && hasLanes(device, groups(rows(k), 64)),
  launch: (device, k, args) =>
    dispatch(device, k, args, kernel('conv2d_forward_thin_output', 'rrrw', { ...constants(args), O: k.o }), [
      groups(rows(k), 64),
      1,
      1,
    ]),
};

const thinInput: Variant<ForwardArguments> = {
  name: 'thin_input',
  supports: (device, k) => k.o % 4 === 0 && hasLanes(device, groups(rows(k), 32)),
  launch: (device, k, args) =>
    dispatch(device, k, args, kernel('conv2d_forward_thin_input', 'rrrw', constants(args)), [
      groups(rows(k), 32),
      groups(k.o, 32),
      1,
    ]),
};

const naive: Variant<ForwardArguments> = {
  name: 'naive',
  supports: () => true,
  launch: (device, k, args) =>
    dispatch(device, k, args, kernel('conv2d_forward_naive', 'rrrw', constants(args)), [
      Math.min(groups(rows(k) * k.o, 64), 65535),
      1,
      1,
    ]),
};

/** Ways to compute y = activation(conv(x, weight) + bias), in order of preference. */
export const forwardVariants: readonly Variant<ForwardArguments>[] = [thinOutput, tiled, thinInput, naive];

/** y = activation(conv(x, weight) + bias) by the preferred variant. */
export function convForward(device: Device, problem: ConvProblem, args: ForwardArguments): void {
  choose(forwardVariants, device, problem).launch(device, problem, args);
}
