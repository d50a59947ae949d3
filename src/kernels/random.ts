import type { Device } from '../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../gpu/launch.ts';
import { flatGrid } from './elementwise.ts';
import { kernel } from './source.ts';

/** Which of the generator's sequences: `seed` a whole number below 2^53, `stream` one below 2^32. */
export interface RandomSource {
  seed: number;
  stream: number;
}

/** out = offset + scale · random, with `random` uniform in [0, 1) or standard normal, a pure function of source and place. */
export function randomFill(
  device: Device,
  distribution: 'uniform' | 'normal',
  { seed, stream }: RandomSource,
  offset: number,
  scale: number,
  out: BufferSlice,
  count: number,
): void {
  const normal = distribution === 'normal';
  device.launch({
    kernel: kernel('elementwise/random-fill', { NORMAL: normal ? 1 : 0 }),
    bindings: [out],
    immediates: immediates(Math.ceil(count / 4), seed, seed / 2 ** 32, stream, f32(offset), f32(scale)),
    workgroups: flatGrid(count),
    label: `random.${distribution}`,
    flops: (normal ? 30 : 2) * count,
    bytes: 4 * count,
  });
}
