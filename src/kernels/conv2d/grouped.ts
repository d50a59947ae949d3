/**
 * Convolutions in groups of channels, and with strides, steps between taps and paddings of their own for rows and columns. Where none of that is
 * asked for, the operations in the other files of this folder are the faster ones.
 */
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type BufferSlice, ceilDiv, immediates } from '../../gpu/launch.ts';
import { ACTIVATION_CODES } from '../activation.ts';
import { flatGrid } from '../flat-grid.ts';
import { DTYPE_BYTES, type FloatDType, kernel } from '../source.ts';
import { sumParts, withParts } from '../sum-parts.ts';
import type { ForwardArguments, InputGradArguments, WeightGradArguments } from './arguments.ts';

/** x is [n,h,w,c], the weight [kh,kw,c/groups,o], y [n,p,q,o]. Pairs are of rows and columns. */
export interface GroupedProblem {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly p: number;
  readonly q: number;
  readonly o: number;
  readonly kh: number;
  readonly kw: number;
  readonly stride: readonly [number, number];
  /** Pixels from one tap to the next. */
  readonly dilation: readonly [number, number];
  /** Before and after the rows, and before and after the columns. */
  readonly padding: readonly [rows: readonly [number, number], columns: readonly [number, number]];
  readonly paddingMode: 'zeros' | 'reflect';
  /** Divides c and o. */
  readonly groups: number;
  /** That of x, y, their gradients and the weight that is multiplied. The weight's gradient and the bias are f32. */
  readonly dtype: FloatDType;
}

/** Kernels count rows and columns of the padded image in 32 bits, with a sign. */
const MOST_ROWS = 2 ** 31 - 1;

/** Workgroups of a weight gradient that are worth splitting the pixels for. */
const MANY_WORKGROUPS = 256;
/** Pixels of a share at least. */
const SHARE = 512;

/** @throws CyclopsError when the output would be empty, the reflection is larger than the image, or a position exceeds all images */
export function checkGrouped(problem: GroupedProblem): GroupedProblem {
  const { h, w, p, q, kh, kw, stride, dilation, padding, paddingMode } = problem;
  const taps = `${kh}×${kw}`;
  const axes = [
    { extent: h, reach: dilation[0] * (kh - 1), by: stride[0], ends: padding[0] },
    { extent: w, reach: dilation[1] * (kw - 1), by: stride[1], ends: padding[1] },
  ];
  for (const { extent, reach, by, ends } of axes) {
    if (Math.max(extent + ends[0] + ends[1], reach, by) > MOST_ROWS) {
      throw new CyclopsError(
        `A convolution by ${taps} taps of an image of ${h}×${w} has a stride, a dilation or a padded image of more than ` +
          `${MOST_ROWS} pixels. Use smaller ones.`,
      );
    }
    if (paddingMode === 'reflect' && Math.max(...ends) >= extent) {
      throw new CyclopsError(
        `Reflection padding of ${ends.join(' and ')} needs an image of at least ${Math.max(...ends) + 1} pixels along that side; ` +
          `got ${h}×${w}. Use larger images.`,
      );
    }
  }
  if (p < 1 || q < 1) {
    throw new CyclopsError(
      `A convolution by ${taps} taps of an image of ${h}×${w} has no output: the kernel is larger than the padded image.`,
    );
  }
  return problem;
}

/** y = activation(x ⋆ weight + bias). */
export function groupedForward(device: Device, k: GroupedProblem, args: ForwardArguments): void {
  const { x, weight, bias, y, activation } = args;
  launch(device, k, {
    name: 'forward',
    constants: { BIAS: bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] },
    bindings: [x, weight, bias ?? weight, y],
    workgroups: flatGrid(device, k.n * k.p * k.q * k.o),
  });
}

/** dx = the gradient of x, plus the bias. */
export function groupedInputGrad(
  device: Device,
  k: GroupedProblem,
  { dy, weight, bias, dx }: InputGradArguments,
): void {
  launch(device, k, {
    name: 'input-grad',
    constants: { BIAS: bias ? 1 : 0 },
    bindings: [dy, weight, bias ?? weight, dx],
    workgroups: flatGrid(device, k.n * k.h * k.w * k.c),
  });
}

/** dw (+)= the gradient of the weight: shares of the pixels, which a second launch adds up. */
export function groupedWeightGrad(
  device: Device,
  k: GroupedProblem,
  { x, dy, dw, accumulate }: WeightGradArguments,
): void {
  const { n, p, q, o, c, kh, kw, groups } = k;
  const count = kh * kw * (c / groups) * o;
  const [columns] = flatGrid(device, count);
  const wanted = Math.min(ceilDiv(MANY_WORKGROUPS, columns), ceilDiv(n * p * q, SHARE), n * p);
  // As the kernel divides: no share is empty.
  const shares = ceilDiv(n * p, ceilDiv(n * p, wanted));
  const own = { name: 'weight-grad', constants: {}, workgroups: [columns, shares, 1] } as const;
  if (shares === 1 && !accumulate) {
    launch(device, k, { ...own, bindings: [x, dy, dw] });
    return;
  }
  withParts(device, shares * count, (part) => {
    launch(device, k, { ...own, bindings: [x, dy, part] });
    sumParts(device, { part, parts: shares, out: dw, count, accumulate });
  });
}

interface GroupedLaunch {
  readonly name: 'forward' | 'input-grad' | 'weight-grad';
  readonly constants: Record<string, number>;
  readonly bindings: readonly BufferSlice[];
  readonly workgroups: readonly [number, number, number];
}

function launch(device: Device, k: GroupedProblem, { name, constants, bindings, workgroups }: GroupedLaunch): void {
  const { n, h, w, c, p, q, o, kh, kw, stride, dilation, padding, paddingMode, groups, dtype } = k;
  const [[top], [left]] = padding;
  const taps = kh * kw * (c / groups);
  device.launch({
    kernel: kernel(`conv2d/grouped-${name}`, { REFLECT: paddingMode === 'reflect' ? 1 : 0, ...constants }, { dtype }),
    bindings,
    immediates: immediates(n, h, w, c, p, q, o, kh, kw, ...stride, ...dilation, top, left, groups),
    workgroups,
    label: `conv2d.grouped.${name}`,
    flops: 2 * n * p * q * o * taps,
    bytes: DTYPE_BYTES[dtype] * (n * h * w * c + n * p * q * o + taps * o),
  });
}
