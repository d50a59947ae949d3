import { describe, expect, it } from 'vitest';
import { HEAT_STOPS, heatColor, paintHeatmap, THRESHOLD_SHARE } from '../../../src/report/parts/heatmap.ts';

/** CIE lightness L* of an sRGB colour. */
function lightness(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((byte) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (24389 / 27) * y;
}

describe('heatColor', () => {
  it('grows brighter in nearly equal steps', () => {
    const steps = Array.from({ length: 41 }, (_, i) => lightness(heatColor(i / 40)));
    const rises = steps.slice(1).map((value, i) => value - (steps[i] ?? 0));
    const [leap = 0, ...others] = rises.toSorted((a, b) => b - a);
    // An even scale from L* 4 to 97 would rise by 2.3 a step.
    expect(Math.min(...others)).toBeGreaterThan(1);
    expect(Math.max(...others)).toBeLessThan(3.5);
    expect(leap).toBe(rises[Math.floor(40 * THRESHOLD_SHARE)]);
  });

  it('turns at the threshold from blue to red, and grows brighter by more than elsewhere', () => {
    const [red = 0, , blue = 0] = heatColor(THRESHOLD_SHARE - 1e-3);
    expect(blue).toBeGreaterThan(2 * red);
    const [warmRed = 0, , warmBlue = 0] = heatColor(THRESHOLD_SHARE + 1e-3);
    expect(warmRed).toBeGreaterThan(2 * warmBlue);
    const [below, above] = [-1e-3, 1e-3].map((step) => lightness(heatColor(THRESHOLD_SHARE + step)));
    expect((above ?? 0) - (below ?? 0)).toBeGreaterThan(10);
  });

  it('is what the stops of a colour bar say', () => {
    for (const { share, color } of HEAT_STOPS.filter((stop) => stop.share !== THRESHOLD_SHARE)) {
      expect(heatColor(share)).toEqual(color);
    }
    expect(HEAT_STOPS.filter((stop) => stop.share === THRESHOLD_SHARE)).toHaveLength(2);
  });

  it('keeps to the ends outside 0..1', () => {
    expect(heatColor(-3)).toEqual(heatColor(0));
    expect(heatColor(7)).toEqual(heatColor(1));
    expect(lightness(heatColor(0))).toBeLessThan(5);
    expect(lightness(heatColor(1))).toBeGreaterThan(95);
  });
});

describe('paintHeatmap', () => {
  it('paints (value − floor) / (3 · (threshold − floor)), clipped, pixel by pixel', () => {
    const expected = [...heatColor(0), ...heatColor(0.25), ...heatColor(1), ...heatColor(1)];
    const rgb = paintHeatmap(new Float32Array([0, 0.75, 3, 9]), 2, 2, { floor: 0, threshold: 1 });
    expect([...rgb]).toEqual(expected);
    const signed = paintHeatmap(new Float32Array([-7, -4.25, -2, 1]), 2, 2, { floor: -5, threshold: -4 });
    expect([...signed]).toEqual(expected);
  });

  it('paints the same value in the same colour whatever else is in the image', () => {
    const quiet = paintHeatmap(new Float32Array([0.1, 0.1]), 2, 1, { floor: 0, threshold: 0.25 });
    const loud = paintHeatmap(new Float32Array([0.1, 0.9]), 2, 1, { floor: 0, threshold: 0.25 });
    expect([...quiet.slice(0, 3)]).toEqual([...loud.slice(0, 3)]);
  });

  it('is dark throughout when nothing differs', () => {
    expect([...paintHeatmap(new Float32Array(1), 1, 1, { floor: 0, threshold: 0 })]).toEqual(heatColor(0));
  });

  it('refuses values that do not fill the image', () => {
    expect(() => paintHeatmap(new Float32Array(5), 2, 3, { floor: 0, threshold: 1 })).toThrow(
      /2 × 3 = 6 heat map values, got 5/,
    );
  });
});
