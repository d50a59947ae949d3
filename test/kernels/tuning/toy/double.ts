/** An operation to choose variants for: y = 2x. */
import { type BufferSlice, ceilDiv, immediates } from '../../../../src/gpu/launch.ts';
import { kernel } from '../../../../src/kernels/source.ts';
import type { Operation, Variant } from '../../../../src/kernels/variant.ts';

export interface DoubleProblem {
  count: number;
}

export interface DoubleArguments {
  x: BufferSlice;
  y: BufferSlice;
}

export const SOURCE = new URL('./scale.wgsl', import.meta.url);

/** @param spin how slow it is. @param share the part of the elements that it visits */
export function scaling(name: string, { factor = 2, spin = 0, share = 1 }): Variant<DoubleProblem, DoubleArguments> {
  return {
    name,
    madeFor: 'any',
    sources: [SOURCE],
    workgroupBytes: 0,
    supports: () => true,
    launch: (device, { count }, { x, y }) =>
      device.launch({
        kernel: kernel(SOURCE, { FACTOR: factor, SPIN: spin }),
        bindings: [x, y],
        immediates: immediates(Math.floor(share * count)),
        workgroups: [ceilDiv(count, 64), 1, 1],
        label: 'double',
        flops: count,
        bytes: 8 * count,
      }),
  };
}

/** Variants in the order of preference; the last is the one that the others are compared with. */
export function double(
  ...variants: Variant<DoubleProblem, DoubleArguments>[]
): Operation<DoubleProblem, DoubleArguments> {
  return {
    name: 'double',
    variants,
    describe: ({ count }) => `[${count}] f32`,
    exampleArguments: ({ count }, buffers) => ({ x: buffers.input(count), y: buffers.output(count) }),
  };
}
