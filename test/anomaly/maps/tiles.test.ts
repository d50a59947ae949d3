import { describe, expect, it } from 'vitest';
import { tilesAlong, tileWeights } from '../../../src/anomaly/maps/tiles.ts';

const EXTENTS = [24, 28, 64, 68, 100, 128, 132, 200, 256, 1000, 4096];
const TILES = [24, 28, 40, 64, 128, 256];
const CASES = EXTENTS.flatMap((extent) => TILES.map((tile) => [extent, tile] as const));

describe('tilesAlong', () => {
  it.each(CASES)('covers %i px with tiles of at most %i px that overlap by a quarter', (extent, tile) => {
    const { side, starts } = tilesAlong(extent, tile);
    expect(side % 4).toBe(0);
    expect(side).toBeLessThanOrEqual(Math.min(tile, extent));
    expect([starts[0], (starts.at(-1) ?? 0) + side]).toEqual([0, extent]);
    for (const [k, start] of starts.entries()) {
      if (k > 0) expect((starts[k - 1] ?? 0) + side - start).toBeGreaterThanOrEqual(Math.floor(tile / 4) - 1);
    }
    // One tile fewer would not do.
    if (starts.length > 1) expect((starts.length - 1) * (tile - tile / 4) + tile / 4).toBeLessThan(extent);
  });

  it('makes tiles no larger than needed', () => {
    expect(tilesAlong(132, 128)).toEqual({ side: 84, starts: [0, 48], overlap: 32 });
    expect(tilesAlong(64, 128)).toEqual({ side: 64, starts: [0], overlap: 32 });
  });
});

it.each(CASES)(
  'the weights of %i px in tiles of %i px sum to 1, fade smoothly, and are 1 where a tile is alone',
  (extent, tile) => {
    const axis = tilesAlong(extent, tile);
    const weights = tileWeights(axis);
    const totals = new Array<number>(extent).fill(0);
    const tilesAt = new Array<number>(extent).fill(0);
    for (const [k, own] of weights.entries()) {
      for (const [i, weight] of own.entries()) {
        const at = (axis.starts[k] ?? 0) + i;
        totals[at] = (totals[at] ?? 0) + weight;
        tilesAt[at] = (tilesAt[at] ?? 0) + 1;
        if (i > 0) expect(Math.abs(weight - (own[i - 1] ?? 0))).toBeLessThan(8 / tile);
      }
    }
    for (const total of totals) expect(total).toBeCloseTo(1, 12);
    for (const [k, own] of weights.entries()) {
      for (const [i, weight] of own.entries()) if (tilesAt[(axis.starts[k] ?? 0) + i] === 1) expect(weight).toBe(1);
    }
  },
);
