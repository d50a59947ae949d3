import { describe, expect, it } from 'vitest';
import { defectPixels } from '../../../src/data/images/defect-pixels.ts';

function mask(width: number, height: number, white: readonly [x: number, y: number][]) {
  const inside = new Uint8Array(width * height);
  for (const [x, y] of white) inside[y * width + x] = 1;
  return { width, height, inside };
}

describe('defectPixels', () => {
  it('are the pixels that are inside', () => {
    const marks = mask(4, 4, [
      [0, 0],
      [3, 1],
      [2, 3],
    ]);
    expect(defectPixels(marks, 4)).toEqual(Uint32Array.of(0, 7, 14));
  });

  it('meet a mask of another size where they lie over it', () => {
    expect(defectPixels(mask(2, 2, [[1, 0]]), 4)).toEqual(Uint32Array.of(2, 3, 6, 7));
    expect(
      defectPixels(
        mask(8, 4, [
          [6, 0],
          [7, 0],
        ]),
        4,
      ),
    ).toEqual(Uint32Array.of(3));
  });

  it('are there for a defect smaller than a pixel, wherever it lies', () => {
    for (let x = 0; x < 24; x++) {
      expect(defectPixels(mask(24, 24, [[x, 23 - x]]), 6)).toEqual(
        Uint32Array.of(6 * Math.floor((23 - x) / 4) + Math.floor(x / 4)),
      );
    }
    expect(defectPixels(mask(3, 3, [[1, 1]]), 2)).toEqual(Uint32Array.of(0, 1, 2, 3));
  });

  it('are null for a black mask', () => {
    expect(defectPixels(mask(3, 3, []), 5)).toBeNull();
  });
});
