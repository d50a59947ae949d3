import { describe, expect, it } from 'vitest';
import { heatColor, heatShare, THRESHOLD_SHARE } from '../../../src/report/parts/heatmap.ts';
import { overlayHeatmap } from '../../../src/report/parts/heatmap-overlay.ts';

const gray = (width: number, height: number, value: number) => ({
  ...{ width, height, channels: 1 as const },
  pixels: new Uint8Array(width * height).fill(value),
});

describe('overlayHeatmap', () => {
  it('shows the picture where nothing differs, and 0.7 of the colour where the threshold is passed', () => {
    const heatmap = { values: new Float32Array([0, 3, 6, 9]), width: 2, height: 2, judged: { width: 2, height: 2 } };
    const rgb = overlayHeatmap(gray(2, 2, 100), heatmap, { floor: 0, threshold: 3 });
    expect([...rgb.subarray(0, 3)]).toEqual([100, 100, 100]);
    for (const [i, share] of [1 / 3, 2 / 3, 1].entries()) {
      const expected = heatColor(share).map((color) => Math.round(100 + 0.7 * (color - 100)));
      expect([...rgb.subarray(3 * (i + 1), 3 * (i + 2))]).toEqual(expected);
    }
  });

  it('finds its place on a picture of another size, whose borders were cut before it was judged', () => {
    // Judged at 6 × 5, cut to 4 × 4 from (1, 0); hot at row 2, column 3 there: (4, 2) of the judged image.
    const values = new Float32Array(16);
    values[2 * 4 + 3] = 1;
    const heatmap = { values, width: 4, height: 4, judged: { width: 6, height: 5 } };
    const [width, height] = [60, 50];
    const rgb = overlayHeatmap(gray(width, height, 0), heatmap, { floor: 0, threshold: 1 / 3 });
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        // Column 5 of the judged image was cut: the picture's right border shows what is next to it.
        const isHot = y >= 20 && y < 30 && x >= 40;
        expect((rgb[3 * (y * width + x)] ?? 0) > 100, `${x}, ${y}`).toBe(isHot);
      }
    }
  });

  it('mixes each pixel of a larger colour picture with the colour of the value that covers it', () => {
    const [width, height, judged] = [13, 11, { width: 5, height: 4 }];
    const picture = { width, height, channels: 3 as const, pixels: new Uint8Array(3 * width * height) };
    picture.pixels.forEach((_, i) => {
      picture.pixels[i] = Math.floor(Math.random() * 256);
    });
    const values = Float32Array.from({ length: 20 }, () => Math.random() * 4);
    const scale = { floor: 0.25, threshold: 1 };
    const rgb = overlayHeatmap(picture, { values, ...judged, judged }, scale);
    rgb.forEach((got, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      const place = Math.floor(((y + 0.5) * 4) / height) * 5 + Math.floor(((x + 0.5) * 5) / width);
      const share = heatShare(values[place] ?? 0, scale);
      const opacity = 0.7 * Math.min(1, share / THRESHOLD_SHARE) ** 2;
      const own = picture.pixels[i] ?? 0;
      expect(got).toBe(Math.round(own + opacity * ((heatColor(share)[i % 3] ?? 0) - own)));
    });
  });

  it('is the picture itself where nothing differs anywhere', () => {
    const heatmap = { values: new Float32Array(4), width: 2, height: 2, judged: { width: 2, height: 2 } };
    expect([...overlayHeatmap(gray(2, 2, 7), heatmap, { floor: 0, threshold: 0 })]).toEqual(Array(12).fill(7));
  });
});
