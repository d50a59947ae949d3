import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, f32, immediates } from '../gpu/launch.ts';
import { flatGrid } from './flat-grid.ts';
import { kernel } from './source.ts';

/** Which of the generator's sequences: `seed` a whole number below 2^53, `stream` one below 2^32. */
export interface RandomSource {
  seed: number;
  stream: number;
}

interface RandomFillArguments {
  /** Uniform in [0, 1), or standard normal. */
  readonly distribution: 'uniform' | 'normal';
  readonly source: RandomSource;
  readonly offset: number;
  readonly scale: number;
  readonly out: BufferSlice;
  /** Elements of out, in f32. */
  readonly count: number;
}

/** out = offset + scale · random, a pure function of source and place. */
export function randomFill(
  device: Device,
  { distribution, source: { seed, stream }, offset, scale, out, count }: RandomFillArguments,
): void {
  const normal = distribution === 'normal';
  const vec4s = ceilDiv(count, 4);
  device.launch({
    kernel: kernel('elementwise/random-fill', { NORMAL: normal ? 1 : 0 }),
    bindings: [out],
    immediates: immediates(vec4s, seed, seed / 2 ** 32, stream, f32(offset), f32(scale)),
    workgroups: flatGrid(device, vec4s),
    label: `random.${distribution}`,
    flops: (normal ? 30 : 2) * count,
    bytes: 4 * count,
  });
}
