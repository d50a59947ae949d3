import { requireChoice, shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import * as kernels from '../kernels/pad.ts';
import { record } from '../tensor/record.ts';
import { requireOperands } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { aroundAxis } from './axis.ts';

export type { PadMode } from '../kernels/pad.ts';

const MODES: readonly kernels.PadMode[] = ['zero', 'edge', 'reflect'];

/**
 * A tensor with more at the ends of its axes: zeros, its edge repeated, or itself mirrored without repeating the edge. The gradient of an
 * element is the sum over all its copies. One launch for each axis that grows.
 *
 * @param amounts for each axis how many elements come before and after, from the first axis to the last
 * @throws CyclopsError unless there is a pair of integers from 0 on for each axis, and for a mirrored axis less than its extent; for an
 * unknown mode, for a tensor of integers, and for one that was disposed of
 */
export function pad(
  x: Tensor,
  amounts: readonly (readonly [before: number, after: number])[],
  mode: kernels.PadMode = 'zero',
): Tensor {
  requireOperands('pad', x);
  requireChoice('pad', 'mode', mode, MODES);
  const shape = `[${x.shape.join(', ')}]`;
  if (!(Array.isArray(amounts) && amounts.length === x.shape.length)) {
    throw new CyclopsError(
      `pad of ${shape} takes two numbers for each of its ${x.shape.length} axes; got ${shown(amounts)}.`,
    );
  }
  amounts.forEach((pair: readonly number[], axis) => {
    const most = mode === 'reflect' ? (x.shape[axis] ?? 1) - 1 : Infinity;
    const fits = (amount: number) => Number.isInteger(amount) && amount >= 0 && amount <= most;
    if (Array.isArray(pair) && pair.length === 2 && pair.every(fits)) return;
    const range = mode === 'reflect' ? `from 0 to ${most}, since it is mirrored` : 'from 0 on';
    throw new CyclopsError(`pad of ${shape} takes two integers ${range}, for axis ${axis}; got ${shown(pair)}.`);
  });
  return amounts.reduce((padded, [before, after], axis) => padAxis(padded, axis, before, after, mode), x);
}

function padAxis(x: Tensor, axis: number, before: number, after: number, mode: kernels.PadMode): Tensor {
  if (before + after === 0) return x;
  const { device, floatDType: dtype } = x;
  const problem = { mode, ...aroundAxis(x.shape, axis), before, after, dtype };
  const out = Tensor.empty(device, x.shape.with(axis, before + problem.size + after), dtype);
  kernels.pad(device, problem, { x: x.slice, out: out.slice });
  return record(out, [x], (gradOutput) => {
    const gradX = Tensor.empty(device, x.shape, dtype);
    kernels.padBackward(device, problem, { gradOutput: gradOutput.slice, gradX: gradX.slice });
    return [gradX];
  });
}
