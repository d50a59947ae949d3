// A variant of conv2d.forward for 1×1 convolutions of stride 1, where the pixels are just rows: see docs/kernels.md.
import {
  ACTIVATION_CODES,
  type ConvProblem,
  convBytes,
  convFlops,
  convImmediates,
  type ForwardArguments,
  flatGrid,
  kernel,
  type Variant,
} from '../src/kernels.ts';

/** For `cyclops bench kernels --with examples/pointwise.ts`. */
export const operation = 'conv2d.forward';

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
      workgroups: flatGrid(device, k.n * k.h * k.w * k.o),
      label: 'conv2d.forward',
      flops: convFlops(k),
      bytes: convBytes(k),
    });
  },
};

export const variants = [pointwise];
