/** Which pixels the windows of a pooling have, from the definitions. */

export interface Axis {
  readonly extent: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation?: number;
  readonly before?: number;
  readonly after?: number;
  readonly ceil?: boolean;
}

/** For each window along an axis the positions inside the image, and how many of its pixels lie inside the padded image. */
export function windowsOf({ extent, taps, stride, dilation = 1, before = 0, after = 0, ceil = false }: Axis) {
  const windows: { inside: number[]; padded: number }[] = [];
  for (let begin = -before; begin < extent; begin += stride) {
    const positions = Array.from({ length: taps }, (_, tap) => begin + tap * dilation);
    // A window that reaches past the padding is one only in ceil mode.
    if (positions.at(-1)! >= extent + after && !ceil) break;
    const inside = positions.filter((at) => at >= 0 && at < extent);
    windows.push({ inside, padded: positions.filter((at) => at < extent + after).length });
    // The one that reaches the end is the last.
    if (positions.at(-1)! >= extent + after - 1) break;
  }
  return windows;
}

/** The windows of an adaptive pooling along an axis. */
export function adaptiveWindows(extent: number, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const inside: number[] = [];
    for (let at = 0; at < extent; at++)
      if ((at + 1) * count > i * extent && at * count < (i + 1) * extent) inside.push(at);
    return { inside, padded: inside.length };
  });
}
