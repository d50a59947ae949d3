/** The kernels of a training step that come in one form, on problems that the networks have. */

import type { Device } from '../../gpu/device.ts';
import { activation, activationBackward } from '../../kernels/activation.ts';
import { channelSum } from '../../kernels/channel-sum.ts';
import { accumulate, add, copy, fill, scale } from '../../kernels/elementwise.ts';
import { reduceBackward } from '../../kernels/reduce.ts';
import type { Stage } from '../../kernels/variant.ts';
import type { KernelCase } from './kernel-case.ts';

import type { Bench } from './workload.ts';

export function elementwiseCases({ workload, model }: Bench): KernelCase[] {
  const { ngf, size, batch } = workload;
  const images = [batch, size, size, 3];
  /** Of the generator's first layer, of its residual blocks, and of the discriminator's first layer. */
  const stem = [batch, size, size, ngf];
  const block = [batch, size / 4, size / 4, 4 * ngf];
  const half = [batch, size / 2, size / 2, ngf];
  const { generatorOptimiser, dtype } = model;
  return [
    elementwise('add', block, (device, stage, count) => {
      const [a, b, out] = [stage.input(count, dtype), stage.input(count, dtype), stage.output(count, dtype)];
      return () => add(device, a, b, out, count, dtype);
    }),
    elementwise('accumulate', block, (device, stage, count) => {
      const [x, target] = [stage.input(count, dtype), stage.output(count, dtype)];
      return () => accumulate(device, x, target, count, dtype);
    }),
    elementwise('scale', block, (device, stage, count) => {
      const [x, out] = [stage.input(count, dtype), stage.output(count, dtype)];
      return () => scale(device, x, 0.5, out, count, dtype);
    }),
    elementwise('copy', stem, (device, stage, count) => {
      const [x, out] = [stage.input(count, dtype), stage.output(count, dtype)];
      return () => copy(device, x, out, count, { dtype });
    }),
    elementwise('fill', stem, (device, stage, count) => {
      const out = stage.output(count, dtype);
      return () => fill(device, 0, out, count, dtype);
    }),
    elementwise('leaky_relu.forward', half, (device, stage, count) => {
      const [x, out] = [stage.input(count, dtype), stage.output(count, dtype)];
      return () => activation(device, 'leaky_relu', x, out, count, dtype);
    }),
    elementwise('leaky_relu.backward', half, (device, stage, count) => {
      const [y, dy, dx] = [stage.input(count, dtype), stage.input(count, dtype), stage.output(count, dtype)];
      return () => activationBackward(device, 'leaky_relu', y, dy, dx, count, dtype);
    }),
    elementwise('tanh.backward', images, (device, stage, count) => {
      const [y, dy, dx] = [stage.input(count, dtype), stage.input(count, dtype), stage.output(count, dtype)];
      return () => activationBackward(device, 'tanh', y, dy, dx, count, dtype);
    }),
    elementwise('l1.backward', images, (device, stage, count) => {
      const [a, b, one, dx] = [
        stage.input(count, dtype),
        stage.input(count, dtype),
        stage.input(1),
        stage.output(count, dtype),
      ];
      return () => reduceBackward(device, 'l1', 1 / count, a, b, one, dx, count, dtype);
    }),
    elementwise('channelSum', images, (device, stage, count) => {
      const [x, out] = [stage.input(count, dtype), stage.output(3)];
      return () => channelSum(device, x, out, count / 3, 3, false, dtype);
    }),
    elementwise('adam', [generatorOptimiser.packedBytes / 4], () => () => generatorOptimiser.step()),
  ];
}

function elementwise(
  operation: string,
  shape: readonly number[],
  prepare: (device: Device, stage: Stage, count: number) => () => void,
): KernelCase {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return {
    operation,
    problem: `[${shape.join(',')}]`,
    variants: [''],
    obvious: null,
    prepare: (device, stage) => prepare(device, stage, count),
  };
}
