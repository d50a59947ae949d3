import { describe, expect, it } from 'vitest';
import { maskOnMap } from '../../../src/anomaly/evaluation/mask-on-map.ts';
import { randomNumbers } from '../../data/support.ts';

const mask = (width: number, height: number, inside: number[]) => ({ width, height, inside: Uint8Array.from(inside) });

/** The share of each pixel that is inside, from many points in it. */
function sampled(
  { width, height, inside: marks }: ReturnType<typeof mask>,
  outWidth: number,
  outHeight: number,
  points: number,
): number[] {
  return Array.from({ length: outWidth * outHeight }, (_, i) => {
    const [left, top] = [i % outWidth, Math.floor(i / outWidth)];
    let inside = 0;
    for (let k = 0; k < points * points; k++) {
      const x = Math.floor(((left + ((k % points) + 0.5) / points) * width) / outWidth);
      const y = Math.floor(((top + (Math.floor(k / points) + 0.5) / points) * height) / outHeight);
      inside += marks[y * width + x]!;
    }
    return inside / points ** 2;
  });
}

describe('maskOnMap', () => {
  it('of the same size stays as it is', () => {
    expect([...maskOnMap(mask(2, 2, [0, 1, 1, 0]), { width: 2, height: 2 }, 1)]).toEqual([0, 1, 1, 0]);
  });

  it('takes a pixel that is half inside, and none that is less', () => {
    const marks = mask(4, 4, [1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1]);
    expect([...maskOnMap(marks, { width: 2, height: 2 }, 1)]).toEqual([1, 0, 1, 0]);
  });

  it('agrees with the area of every pixel, larger and smaller and of another shape', () => {
    const random = randomNumbers(3);
    for (const [width, height, outWidth, outHeight] of [
      [9, 7, 4, 5],
      [5, 4, 12, 11],
      [13, 3, 6, 8],
      [1, 1, 3, 2],
    ] as const) {
      const marks = mask(
        width,
        height,
        Array.from({ length: width * height }, () => (random() < 0.5 ? 0 : 1)),
      );
      const shares = sampled(marks, outWidth, outHeight, 120);
      const out = maskOnMap(marks, { width: outWidth, height: outHeight }, 1);
      for (const [i, share] of shares.entries())
        if (Math.abs(share - 0.5) > 0.03) expect(out[i]).toBe(share > 0.5 ? 1 : 0);
    }
  });

  it('is cut as the image is: evenly, to a multiple', () => {
    const size = { width: 7, height: 6 };
    const marks = mask(
      7,
      6,
      Array.from({ length: 42 }, (_, i) => (i % 7 === 1 || Math.floor(i / 7) === 4 ? 1 : 0)),
    );
    // Of 7 columns the first and the last two go, of 6 rows the first and the last.
    expect([...maskOnMap(marks, size, 4)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]);
  });
});
