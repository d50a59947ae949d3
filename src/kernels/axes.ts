/** Which axes tensors have of a space that is larger than some of them: how kernels with parts/axes.wgsl find their elements. */

/** What kernels count axes up to. */
export const MOST_AXES = 6;

/** The extents of a space, outermost first, and for each tensor in it which of the axes it has. */
export interface Axes {
  readonly extents: readonly number[];
  /** One mask a tensor; bit d stands for the axis d, counted from the innermost. */
  readonly masks: readonly number[];
}

/**
 * The fewest axes for tensors in a space: those of one element are left out, and neighbours that the same tensors have are one.
 *
 * @param extents of the space, outermost first. @param held for each tensor and axis, whether it has it
 */
export function mergedAxes(extents: readonly number[], held: readonly (readonly boolean[])[]): Axes {
  const axes: { extent: number; held: boolean[] }[] = [];
  extents.forEach((extent, axis) => {
    if (extent === 1) return;
    const own = held.map((tensor) => tensor[axis] ?? false);
    const before = axes.at(-1);
    if (before?.held.join() === own.join()) before.extent *= extent;
    else axes.push({ extent, held: own });
  });
  if (axes.length === 0) axes.push({ extent: 1, held: held.map(() => true) });
  const mask = (tensor: number) =>
    axes.toReversed().reduce((bits, axis, d) => bits | (axis.held[tensor] ? 1 << d : 0), 0);
  return { extents: axes.map(({ extent }) => extent), masks: held.map((_, tensor) => mask(tensor)) };
}

/** The extents as the immediates e0 to e5 of a kernel, innermost first. */
export function axesImmediates(extents: readonly number[]): number[] {
  return [...extents.toReversed(), ...Array<number>(MOST_AXES - extents.length).fill(1)];
}

/** Elements of a tensor that has the axes of a mask. */
export function countOver(extents: readonly number[], mask: number): number {
  return extents.toReversed().reduce((count, extent, d) => count * ((mask >> d) & 1 ? extent : 1), 1);
}

/** e.g. `[2,64*,3]`: the extents, with a star at those of the mask. */
export function describeAxes(extents: readonly number[], mask: number): string {
  const rank = extents.length;
  return `[${extents.map((extent, axis) => `${extent}${(mask >> (rank - 1 - axis)) & 1 ? '*' : ''}`)}]`;
}
