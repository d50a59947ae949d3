import type { Device } from '../gpu/device.ts';
import { type BufferSlice, ceilDiv, immediates } from '../gpu/launch.ts';
import type { Variable } from '../gpu/variables.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

/** In place of a number of a place: none. */
export const NOWHERE = 0xffffffff;

/**
 * Image by image: out = the image of one place, or the image itself; then the image goes to another place, or to none.
 *
 * @param choices a variable with two words for each image: the place to return and the place to store in, or {@link NOWHERE}
 * @param images [batch, length] @param places [places, length] @param out [batch, length]
 */
export function exchange(
  device: Device,
  choices: Variable,
  images: BufferSlice,
  places: BufferSlice,
  out: BufferSlice,
  batch: number,
  length: number,
  dtype: FloatDType = 'f32',
): void {
  device.launch({
    kernel: kernel('elementwise/exchange', {}, { dtype }),
    bindings: [device.variables.slice, images, places, out],
    immediates: immediates(choices.start, batch, length),
    workgroups: [Math.min(ceilDiv(length, 64), 65535), 1, 1],
    label: 'exchange',
    flops: 0,
    bytes: 2 * DTYPE_BYTES[dtype] * batch * length,
  });
}
