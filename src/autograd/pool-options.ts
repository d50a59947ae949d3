import { requireFlag, requireOptions } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { PoolProblem } from '../kernels/pool.ts';
import { imageExtents } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type RowsColumns, rowsColumns, type Sides, sidesOf } from './sliding.ts';

export interface PoolOptions {
  /** Pixels from one window to the next; the window's size unless told otherwise. */
  stride?: RowsColumns;
  /** Pixels at the sides that are not there; default 0. */
  padding?: Sides;
  /** Adds a window where pixels are left that no whole one has; default false. */
  ceilMode?: boolean;
}

/**
 * @param known the names of the operation's options
 * @throws CyclopsError for an option that is unknown or cannot be, and when a window would hold no pixel
 */
export function poolProblem(
  operation: string,
  x: Tensor,
  kernelSize: RowsColumns,
  options: PoolOptions & { dilation?: RowsColumns },
  known: readonly string[],
): PoolProblem {
  const { n, h, w, c } = imageExtents(operation, x);
  requireOptions(operation, options, known);
  requireFlag(operation, 'ceilMode', options.ceilMode);
  const [kh, kw] = rowsColumns(operation, 'kernelSize', kernelSize, 1);
  const stride = rowsColumns(operation, 'stride', options.stride ?? kernelSize, 1);
  const dilation = rowsColumns(operation, 'dilation', options.dilation ?? 1, 1);
  const padding = sidesOf(operation, 'padding', options.padding ?? 0);
  const axes = [
    { extent: h, taps: kh, name: 'rows' },
    { extent: w, taps: kw, name: 'columns' },
  ] as const;
  const [p, q] = axes.map(({ extent, taps, name }, axis) => {
    const [before, after] = padding[axis] ?? [0, 0];
    const [by = 1, apart = 1] = [stride[axis], dilation[axis]];
    const steps = (extent + before + after - apart * (taps - 1) - 1) / by;
    // As in PyTorch, no window begins behind the image.
    const isBehind = options.ceilMode && Math.ceil(steps) * by >= extent + before;
    const windows = (options.ceilMode ? Math.ceil(steps) : Math.floor(steps)) + (isBehind ? 0 : 1);
    const isEmpty = (window: number) => {
      const begin = window * by - before;
      const first = Math.max(0, Math.ceil(-begin / apart));
      return first >= taps || begin + first * apart >= extent;
    };
    let full = 0;
    while (full < windows && !isEmpty(full)) full += 1;
    if (windows >= 1 && full === windows) return windows;
    throw new CyclopsError(
      `${operation} of images with ${extent} ${name}, padded by ${before} and ${after}, ` +
        (windows < 1
          ? `has no window of ${taps} pixels that lie ${apart} apart. Use a smaller kernelSize.`
          : `has windows of ${taps} pixels in the padding alone. Use less padding.`),
    );
  });
  return { n, h, w, c, p: p ?? 1, q: q ?? 1, kh, kw, stride, dilation, padding, dtype: x.floatDType };
}
