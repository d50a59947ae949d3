import type { Device } from '../gpu/device.ts';
import { UnsupportedError } from '../gpu/errors.ts';

/** @throws UnsupportedError when the device cannot store numbers as f16 */
export function requireHalf({ features, info }: Device): void {
  if (features.has('shader-f16')) return;
  throw new UnsupportedError(
    `Numbers are to be stored as f16, which ${info.name} cannot: it lacks the feature shader-f16. Use f32, or another device.`,
    'shader-f16',
  );
}
