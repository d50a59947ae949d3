import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { place } from '../../../src/anomaly/maps/place.ts';
import { tilesAlong, tileWeights } from '../../../src/anomaly/maps/tiles.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose, openPoisoned } from '../../autograd/support.ts';
import { random } from '../../oracles/compare.ts';
import * as oracle from '../../oracles/maps.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const imageOf = (h: number, w: number) => Tensor.empty(device, [1, h, w, 3]);
const count = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

describe('a placed map', () => {
  it.each([
    ['patches', [6, 6, 1], { stride: 8, offset: 11.5 }, 64, 64],
    ['a hidden layer of several channels', [15, 11, 5], { stride: 2, offset: 0.5 }, 30, 22],
    ['windows', [22, 17, 3], { stride: 1, offset: 5 }, 32, 27],
    ['one value a pixel and channel', [9, 13, 2], { stride: 1, offset: 0 }, 9, 13],
    ['a single patch', [1, 1, 1], { stride: 8, offset: 11.5 }, 24, 25],
    ['a layer that begins in the first pixel', [4, 5, 2], { stride: 4, offset: 0 }, 16, 20],
  ] as const)('of %s lies where its values were made', async (_, [p, q, c], field, h, w) => {
    const values = random(p * q * c);
    const placed = scope(() =>
      place({ values: Tensor.from(device, values, [1, p, q, c]), field }, imageOf(h, w), null),
    );
    expect(placed.shape).toEqual([1, h, w, 1]);
    expectClose(await placed.data(), oracle.place(values, [1, p, q, c], field, h, w), 1e-5);
  });

  it('keeps values in the middle of their fields, goes on outside, and is the map itself where it has one a pixel', async () => {
    const values = Tensor.from(device, [1, 2, 3, 4], [1, 2, 2, 1]);
    const placed = await place({ values, field: { stride: 4, offset: 2 } }, imageOf(9, 9), null).data();
    expect([placed[2 * 9 + 2], placed[2 * 9 + 6], placed[6 * 9 + 2], placed[6 * 9 + 6]]).toEqual([1, 2, 3, 4]);
    expect([placed[0], placed[8], placed[72], placed[80]]).toEqual([1, 2, 3, 4]);
    expect(placed[4 * 9 + 4]).toBe(2.5);
    const pixels = { values: Tensor.from(device, random(12), [1, 3, 4, 1]), field: { stride: 1, offset: 0 } };
    expect(place(pixels, imageOf(3, 4), null)).toBe(pixels.values);
  });

  it('that came tile by tile is blended as tiles are, and leaves no memory behind', async () => {
    const [h, w, tile] = [36, 52, 28];
    const [rows, columns] = [tilesAlong(h, tile), tilesAlong(w, tile)];
    const [down, across] = [tileWeights(rows), tileWeights(columns)];
    const tiles = rows.starts.length * columns.starts.length;
    expect(tiles).toBe(6);
    const field = { stride: 4, offset: 3.5 };
    const shape = [tiles, 5, 6, 2] as const;
    const values = random(count(shape));
    const expected = new Float64Array(h * w);
    for (const [i, top] of rows.starts.entries()) {
      for (const [j, left] of columns.starts.entries()) {
        const k = i * columns.starts.length + j;
        const own = values.subarray(k * 60, (k + 1) * 60);
        const placed = oracle.place(own, [1, 5, 6, 2], field, rows.side, columns.side);
        for (const [at, value] of placed.entries()) {
          const [row, column] = [Math.floor(at / columns.side), at % columns.side];
          const pixel = (top + row) * w + left + column;
          expected[pixel] = (expected[pixel] ?? 0) + (down[i]?.[row] ?? 0) * (across[j]?.[column] ?? 0) * value;
        }
      }
    }
    const [x, plane] = [imageOf(h, w), { values: Tensor.from(device, values, shape), field }];
    const before = device.pool.use.liveBytes;
    const placed = scope(() => place(plane, x, tile));
    expectClose(await placed.data(), expected, 1e-5);
    placed.dispose();
    expect(device.pool.use.liveBytes).toBe(before);
  });
});
