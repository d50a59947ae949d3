import type { Description } from './description.ts';

/**
 * Takes samples of more bits than count back to what these can hold, in place: loss carries some a little beyond, where their highest bits
 * would be cut off and white would be black.
 *
 * @param bits of a sample as it was decompressed
 */
export function clip(samples: Uint8Array | Uint16Array, bits: number, stored: Description): void {
  // The bits below those that count take what goes beyond.
  if (bits <= stored.bits || stored.highBit !== stored.bits - 1) return;
  const [least, most] = stored.isSigned
    ? [-(2 ** (stored.bits - 1)), 2 ** (stored.bits - 1) - 1]
    : [0, 2 ** stored.bits - 1];
  const unused = 32 - bits;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] ?? 0;
    const value = stored.isSigned ? (sample << unused) >> unused : sample;
    samples[i] = Math.min(most, Math.max(least, value));
  }
}
