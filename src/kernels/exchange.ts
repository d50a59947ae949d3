import type { Device } from '../gpu/device.ts';
import { type BufferSlice, immediates } from '../gpu/launch.ts';
import type { Variable } from '../gpu/variables.ts';
import { flatGrid } from './flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from './source.ts';

/** In place of a number of a place: none. */
export const NOWHERE = 0xffffffff;

interface ExchangeArguments {
  /** Two words for each image: the place to return and the place to store in, or {@link NOWHERE}. */
  readonly choices: Variable;
  /** [batch, length] */
  readonly images: BufferSlice;
  /** [places, length] */
  readonly places: BufferSlice;
  /** [batch, length] */
  readonly out: BufferSlice;
  readonly batch: number;
  readonly length: number;
  /** Of all three; f32 unless told otherwise. */
  readonly dtype?: FloatDType;
}

/** Image by image: out = the image of one place, or the image itself; then the image goes to another place, or to none. */
export function exchange(
  device: Device,
  { choices, images, places, out, batch, length, dtype = 'f32' }: ExchangeArguments,
): void {
  device.launch({
    kernel: kernel('elementwise/exchange', {}, { dtype }),
    bindings: [device.variables.slice, images, places, out],
    immediates: immediates(choices.start, batch, length),
    workgroups: flatGrid(device, length),
    label: 'exchange',
    flops: 0,
    bytes: 2 * DTYPE_BYTES[dtype] * batch * length,
  });
}
