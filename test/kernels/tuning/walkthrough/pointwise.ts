import { ceilDiv } from '../../../../src/gpu/launch.ts';
import { ACTIVATION_CODES } from '../../../../src/kernels/activation.ts';
import type { ForwardArguments } from '../../../../src/kernels/conv2d/forward.ts';
import { type ConvProblem, convBytes, convFlops, convImmediates } from '../../../../src/kernels/conv2d/problem.ts';
import { kernel } from '../../../../src/kernels/source.ts';
import type { Variant } from '../../../../src/kernels/variant.ts';

const source = new URL('./forward-pointwise.wgsl', import.meta.url);

export const pointwise: Variant<ConvProblem, ForwardArguments> = {
  name: 'pointwise',
  madeFor: 'any',
  sources: [source],
  workgroupBytes: 0,
  supports: (_, { kh, kw, stride, padding }) => kh * kw === 1 && stride === 1 && padding === 0,
  launch: (device, k, { x, weight, bias, y, activation }) => {
    const constants = { BIAS: bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] };
    device.launch({
      kernel: kernel(source, constants, { dtype: k.dtype }),
      bindings: [x, weight, bias ?? weight, y],
      immediates: convImmediates(k),
      workgroups: [ceilDiv(k.n * k.h * k.w * k.o, 64), 1, 1],
      label: 'conv2d.forward',
      flops: convFlops(k),
      bytes: convBytes(k),
    });
  },
};
