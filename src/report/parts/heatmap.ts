import { BRIGHTEST, type HeatScale, heatmapMaximum } from '../../anomaly/calibration/heatmap-scale.ts';

type Color = readonly [number, number, number];

/** From near black to blue: L* = 4, 12, 21, 30, evenly spaced, so that an equal step in the value looks like one in brightness. */
const COLD: readonly Color[] = [
  [13, 13, 26],
  [11, 31, 62],
  [18, 50, 92],
  [28, 72, 122],
];

/** From red to pale yellow: L* = 44, 53, 62, 71, 79, 88, 97. The leap from blue marks the threshold, also in grey print. */
const WARM: readonly Color[] = [
  [194, 50, 40],
  [217, 82, 34],
  [237, 112, 28],
  [247, 147, 34],
  [251, 184, 56],
  [253, 217, 96],
  [255, 248, 198],
];

/** Where on the scale from 0 to 1 the threshold lies: below it colours are cold, above it warm. */
export const THRESHOLD_SHARE = 1 / BRIGHTEST;

/** The colours and where they lie on the scale; two at the threshold. */
export const HEAT_STOPS = [
  ...COLD.map((color, i) => ({ color, share: (i / (COLD.length - 1)) * THRESHOLD_SHARE })),
  ...WARM.map((color, i) => ({ color, share: THRESHOLD_SHARE + (i / (WARM.length - 1)) * (1 - THRESHOLD_SHARE) })),
];

/** The colour (sRGB, 0..255) of a value in 0..1; values outside take the nearest end. */
export function heatColor(value: number): [number, number, number] {
  const share = Math.min(1, Math.max(0, value));
  return share <= THRESHOLD_SHARE
    ? between(COLD, share / THRESHOLD_SHARE)
    : between(WARM, (share - THRESHOLD_SHARE) / (1 - THRESHOLD_SHARE));
}

/**
 * Where a value lies on the scale: 0 at the floor and below, {@link THRESHOLD_SHARE} at the threshold, 1 at the brightest colour and
 * above. Where the threshold is no higher than the floor (nothing differs anywhere) all is 0.
 */
export function heatShare(value: number, { floor, threshold }: HeatScale): number {
  const range = heatmapMaximum({ floor, threshold }) - floor;
  return range > 0 ? Math.min(1, Math.max(0, (value - floor) / range)) : 0;
}

/**
 * Paints values [height, width] as RGB bytes [height, width, 3], with what is above the threshold in warm colours. Pass the same scale
 * for every image of a set: one of its own for each image makes good images glow.
 */
export function paintHeatmap(values: Float32Array, width: number, height: number, scale: HeatScale): Uint8Array {
  if (values.length !== width * height) {
    throw new RangeError(`Expected ${width} × ${height} = ${width * height} heat map values, got ${values.length}.`);
  }
  const rgb = new Uint8Array(values.length * 3);
  for (let i = 0, to = 0; i < values.length; i++) {
    const [red, green, blue] = heatColor(heatShare(values[i] ?? 0, scale));
    rgb[to++] = red;
    rgb[to++] = green;
    rgb[to++] = blue;
  }
  return rgb;
}

/** @param share from 0, the first of the colours, to 1, the last */
function between(colors: readonly Color[], share: number): [number, number, number] {
  const position = share * (colors.length - 1);
  const index = Math.min(colors.length - 2, Math.floor(position));
  const from = colors[index] ?? [0, 0, 0];
  const to = colors[index + 1] ?? from;
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + (to[channel] - from[channel]) * (position - index));
  return [mix(0), mix(1), mix(2)];
}
