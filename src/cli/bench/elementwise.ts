/** The kernels of a training step that come in one form, on problems that the networks have. */
import type { Device } from '../../gpu/device.ts';
import { activation, activationBackward } from '../../kernels/activation.ts';
import { arithmetic } from '../../kernels/arithmetic.ts';
import { channelSum } from '../../kernels/channel-sum.ts';
import { accumulate, copy, fill, scale } from '../../kernels/elementwise.ts';
import { reduceBackward } from '../../kernels/reduce.ts';
import type { ExampleBuffers } from '../../kernels/variant.ts';
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
  const gradientSlices = (buffers: ExampleBuffers, count: number) => ({
    output: buffers.input(count, dtype),
    gradOutput: buffers.input(count, dtype),
    gradX: buffers.output(count, dtype),
  });
  return [
    elementwise('add', block, (device, buffers, count) => {
      const [a, b, out] = [buffers.input(count, dtype), buffers.input(count, dtype), buffers.output(count, dtype)];
      return () => arithmetic(device, { kind: 'add', a, b, out, count, dtype });
    }),
    elementwise('accumulate', block, (device, buffers, count) => {
      const [x, target] = [buffers.input(count, dtype), buffers.output(count, dtype)];
      return () => accumulate(device, { x, target, count, dtype });
    }),
    elementwise('scale', block, (device, buffers, count) => {
      const [x, out] = [buffers.input(count, dtype), buffers.output(count, dtype)];
      return () => scale(device, { x, factor: 0.5, out, count, dtype });
    }),
    elementwise('copy', stem, (device, buffers, count) => {
      const [x, out] = [buffers.input(count, dtype), buffers.output(count, dtype)];
      return () => copy(device, { x, out, count, dtype });
    }),
    elementwise('fill', stem, (device, buffers, count) => {
      const out = buffers.output(count, dtype);
      return () => fill(device, { value: 0, out, count, dtype });
    }),
    elementwise('leaky_relu.forward', half, (device, buffers, count) => {
      const [x, out] = [buffers.input(count, dtype), buffers.output(count, dtype)];
      return () => activation(device, { kind: 'leaky_relu', x, out, count, dtype });
    }),
    elementwise('leaky_relu.backward', half, (device, buffers, count) => {
      const slices = gradientSlices(buffers, count);
      return () => activationBackward(device, { kind: 'leaky_relu', ...slices, count, dtype });
    }),
    elementwise('tanh.backward', images, (device, buffers, count) => {
      const slices = gradientSlices(buffers, count);
      return () => activationBackward(device, { kind: 'tanh', ...slices, count, dtype });
    }),
    elementwise('l1.backward', images, (device, buffers, count) => {
      const [a, b] = [buffers.input(count, dtype), buffers.input(count, dtype)];
      const [gradOutput, gradient] = [buffers.input(1), buffers.output(count, dtype)];
      const factor = 1 / count;
      return () => reduceBackward(device, { term: 'l1', factor, a, b, gradOutput, gradient, count, dtype });
    }),
    elementwise('channelSum', images, (device, buffers, count) => {
      const [x, out] = [buffers.input(count, dtype), buffers.output(3)];
      return () => channelSum(device, { x, out, rows: count / 3, channels: 3, accumulate: false, dtype });
    }),
    elementwise('adam', [generatorOptimiser.packedBytes / 4], () => () => generatorOptimiser.step()),
  ];
}

function elementwise(
  operation: string,
  shape: readonly number[],
  prepare: (device: Device, buffers: ExampleBuffers, count: number) => () => void,
): KernelCase {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return {
    operation,
    problem: `[${shape.join(',')}]`,
    variants: [''],
    obvious: null,
    prepare: (device, buffers) => prepare(device, buffers, count),
  };
}
