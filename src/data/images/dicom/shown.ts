import type { Description, Table, Window } from './description.ts';

/**
 * What each value that a sample may hold is between black, 0, and white, 1: rescaled, then through the window or the table of the file, else
 * over all that its bits can hold (PS3.3 C.11.1, C.11.2).
 *
 * @returns `levels[i]` of the stored value `least + i`
 */
export function shownLevels(description: Description): { least: number; levels: Float32Array } {
  const { bits, isSigned, rescale, shown, colours } = description;
  const least = isSigned ? -(2 ** (bits - 1)) : 0;
  const count = 2 ** bits;
  const meant = Float64Array.from({ length: count }, (_, i) => rescaled(least + i, rescale));
  const level = shown ? levelBy(shown) : levelOver(extentOf(meant, rescale));
  const isInverted = colours === 'MONOCHROME1';
  return { least, levels: Float32Array.from(meant, (value) => (isInverted ? 1 - level(value) : level(value))) };
}

function rescaled(value: number, rescale: Description['rescale']): number {
  return 'values' in rescale ? entryOf(rescale, value) : rescale.slope * value + rescale.intercept;
}

function entryOf({ first, values }: Table, value: number): number {
  const at = Math.min(values.length - 1, Math.max(0, Math.round(value) - first));
  return values[at] ?? 0;
}

function extentOf(meant: Float64Array, rescale: Description['rescale']): [number, number] {
  if ('values' in rescale) return [0, 2 ** rescale.bits - 1];
  const [a = 0, b = 0] = [meant[0], meant[meant.length - 1]];
  return a < b ? [a, b] : [b, a];
}

function levelOver([min, max]: [number, number]): (value: number) => number {
  // A slope of 0 leaves one value, which is black.
  return (value) => (max > min ? (value - min) / (max - min) : 0);
}

function levelBy(shown: Window | Table): (value: number) => number {
  if ('values' in shown) return (value) => entryOf(shown, value) / (2 ** shown.bits - 1);
  const { centre, width, curve } = shown;
  if (curve === 'SIGMOID') return (value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width));
  if (curve === 'LINEAR_EXACT') return (value) => within((value - centre) / width + 0.5);
  // A window of width 1 has no slope: what lies beyond half a value below its centre is white.
  if (width === 1) return (value) => (value > centre - 0.5 ? 1 : 0);
  return (value) => within((value - (centre - 0.5)) / (width - 1) + 0.5);
}

function within(level: number): number {
  return Math.min(1, Math.max(0, level));
}
