/**
 * Colours of heat maps: from near black over violet and red to pale yellow. The points sit at L* = 4, 16, 28 … 88, 97,
 * almost evenly, so that an equal step in the value looks like an equal step in brightness, also in grey print.
 */
const CONTROL_POINTS: readonly (readonly [number, number, number])[] = [
  [13, 13, 26],
  [24, 35, 89],
  [96, 41, 120],
  [171, 38, 116],
  [223, 65, 89],
  [249, 115, 60],
  [255, 169, 48],
  [253, 215, 86],
  [255, 248, 198],
];

/** The colour (sRGB, 0..255) of a value in 0..1; values outside take the nearest end. */
export function heatColor(value: number): [number, number, number] {
  const position = Math.min(1, Math.max(0, value)) * (CONTROL_POINTS.length - 1);
  const index = Math.min(CONTROL_POINTS.length - 2, Math.floor(position));
  const from = CONTROL_POINTS[index] ?? [0, 0, 0];
  const to = CONTROL_POINTS[index + 1] ?? from;
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + (to[channel] - from[channel]) * (position - index));
  return [mix(0), mix(1), mix(2)];
}

/**
 * Paints values [height, width] as RGB bytes [height, width, 3], with `max` and everything above it in the brightest
 * colour. Pass the same `max` for every image of a set: a scale of its own for each image makes good images glow.
 * With max ≤ 0 (nothing differs anywhere) the picture is dark throughout.
 */
export function paintHeatmap(values: Float32Array, width: number, height: number, max: number): Uint8Array {
  if (values.length !== width * height) {
    throw new RangeError(`Expected ${width} × ${height} = ${width * height} heat map values, got ${values.length}.`);
  }
  const rgb = new Uint8Array(values.length * 3);
  const scale = max > 0 ? 1 / max : 0;
  values.forEach((value, i) => {
    rgb.set(heatColor(value * scale), i * 3);
  });
  return rgb;
}
