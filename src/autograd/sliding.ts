/** How windows slide over images: what convolutions and poolings take for rows and columns. */
import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';

/** Of rows and columns alike, or of each. */
export type RowsColumns = number | readonly [rows: number, columns: number];

/** At both ends of an axis alike, or before and after it. */
export type Ends = number | readonly [before: number, after: number];

/** At all four sides alike; or of rows and of columns, each at both ends alike or before and after. */
export type Sides = number | readonly [rows: Ends, columns: Ends];

export type SidesOf = readonly [rows: readonly [number, number], columns: readonly [number, number]];

/** Kernels add such numbers to places in images and multiply them, in 32 bits. */
const MOST = 2 ** 24;

/** @throws CyclopsError unless it is an integer from `least` to 2^24, or a pair of such */
export function rowsColumns(operation: string, name: string, value: RowsColumns, least: number): [number, number] {
  const pair: unknown = typeof value === 'number' ? [value, value] : value;
  if (isPairFrom(least, pair)) return pair;
  throw new CyclopsError(
    `The ${name} of ${operation} must be an integer from ${least} to 2^24, or two, of rows and of columns; got ${shown(value)}.`,
  );
}

/** @throws CyclopsError unless all numbers are integers from 0 to 2^24 */
export function sidesOf(operation: string, name: string, value: Sides): SidesOf {
  const ends = (part: Ends): [number, number] | null => {
    const pair: unknown = typeof part === 'number' ? [part, part] : part;
    return isPairFrom(0, pair) ? pair : null;
  };
  const axes = typeof value === 'number' ? ([value, value] as const) : value;
  const [rows, columns] = Array.isArray(axes) && axes.length === 2 ? axes.map(ends) : [];
  if (rows && columns) return [rows, columns];
  throw new CyclopsError(
    `The ${name} of ${operation} must be an integer from 0 to 2^24; or two, of rows and of columns, each of which may be two, before and ` +
      `after; got ${shown(value)}.`,
  );
}

function isPairFrom(least: number, value: unknown): value is [number, number] {
  const fits = (part: unknown) => typeof part === 'number' && Number.isInteger(part) && part >= least && part <= MOST;
  return Array.isArray(value) && value.length === 2 && fits(value[0]) && fits(value[1]);
}
