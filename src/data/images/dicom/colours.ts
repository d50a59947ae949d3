import type { Description } from './description.ts';
import type { Frame } from './frame.ts';

/** Kinds of colours that become RGB; those of JPEG data have become it already. */
export const COLOURS = ['RGB', 'YBR_FULL', 'YBR_FULL_422'];

/** Colours as RGB, [height, width, 3]. */
export function toRgb({ samples, isPlanar, isRgb }: Frame, { width, height, colours }: Description): Uint8Array {
  const hasRgb = isRgb || colours === 'RGB';
  if (hasRgb && !isPlanar && samples instanceof Uint8Array) return samples;
  const count = width * height;
  const rgb = new Uint8Array(3 * count);
  const place = placeOf(samples.length, count, isPlanar);
  for (let pixel = 0; pixel < count; pixel++) {
    const [a = 0, b = 0, c = 0] = [samples[place(pixel, 0)], samples[place(pixel, 1)], samples[place(pixel, 2)]];
    rgb.set(hasRgb ? [a, b, c] : fromYbr(a, b, c), 3 * pixel);
  }
  return rgb;
}

/** Where a sample of a pixel stands: in planes, pixel by pixel, or two of brightness and the two of colour that both pixels share. */
function placeOf(length: number, count: number, isPlanar: boolean): (pixel: number, channel: number) => number {
  if (length === 2 * count) return (pixel, channel) => 4 * (pixel >> 1) + (channel === 0 ? pixel & 1 : 1 + channel);
  return isPlanar ? (pixel, channel) => channel * count + pixel : (pixel, channel) => 3 * pixel + channel;
}

/** PS3.3 C.7.6.3.1.2, the numbers of JPEG. */
function fromYbr(y: number, blue: number, red: number): [number, number, number] {
  const [b, r] = [blue - 128, red - 128];
  return [byte(y + 1.402 * r), byte(y - 0.344136 * b - 0.714136 * r), byte(y + 1.772 * b)];
}

function byte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}
