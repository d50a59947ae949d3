/** What stands in the page where a figure does not exist. */
const NONE = '–';

/** A score, threshold or loss with four significant digits. */
export function formatScore(value: number | null): string {
  if (value === null) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace('-', '−').replace('+', '');
  return value.toLocaleString('en', { maximumSignificantDigits: 4, useGrouping: false }).replace('-', '−');
}

/** An area under a curve, with three decimals. */
export function formatArea(value: number | null): string {
  return value === null ? NONE : value.toFixed(3);
}

/** A share of one as a percentage with one decimal. */
export function formatPercent(value: number | null): string {
  return value === null ? NONE : `${(value * 100).toFixed(1)} %`;
}

/** A count with its noun: `1 image`, `2 images`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Bytes in the unit that suits them, of 1000 each: `30 MB`, `1.5 kB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const unit = Math.max(
    0,
    units.findLastIndex((_, i) => bytes >= 1000 ** i),
  );
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${units[unit]}`;
}

/** A duration in the two units that matter: `42 s`, `6 min 5 s`, `3 h 12 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
