import { expect, test } from 'vitest';
import { type Lifetime, planMemory } from '../../src/gpu/plan.ts';

/** The lower bound by definition: the most bytes alive at one launch. */
function mostAlive(buffers: readonly Lifetime[]): number {
  const last = Math.max(0, ...buffers.map((buffer) => buffer.last));
  const alive = (at: number) =>
    buffers.filter(({ first, last }) => first <= at && at <= last).reduce((sum, { size }) => sum + size, 0);
  return Math.max(0, ...Array.from({ length: last + 1 }, (_, at) => alive(at)));
}

function randomLifetimes(count: number): Lifetime[] {
  return Array.from({ length: count }, () => {
    const first = Math.floor(Math.random() * 100);
    const length = Math.random() < 0.2 ? 60 : 4;
    return { size: 256 * Math.ceil(Math.random() * 20), first, last: first + Math.floor(Math.random() * length) };
  });
}

test('buffers that are alive together never share a place, and every place is large enough', () => {
  for (let round = 0; round < 20; round++) {
    const buffers = randomLifetimes(150);
    const { places, sizes, lowerBound } = planMemory(buffers);
    buffers.forEach((a, i) => {
      expect(a.size).toBeLessThanOrEqual(sizes[places[i] ?? -1] ?? 0);
      buffers.forEach((b, j) => {
        if (j <= i || places[i] !== places[j]) return;
        expect(a.last < b.first || b.last < a.first).toBe(true);
      });
    });
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(lowerBound).toBe(mostAlive(buffers));
    expect(bytes).toBeGreaterThanOrEqual(lowerBound);
    expect(bytes).toBeLessThan(1.6 * lowerBound);
  }
});

test('a chain of equal buffers needs two places: one is read while the other is written', () => {
  const chain = Array.from({ length: 50 }, (_, i) => ({ size: 1024, first: i, last: i + 1 }));
  const { places, sizes, lowerBound } = planMemory(chain);
  expect(sizes).toEqual([1024, 1024]);
  expect(lowerBound).toBe(2048);
  expect(new Set(places).size).toBe(2);
});

test('nothing to place is no trouble', () => {
  expect(planMemory([])).toEqual({ places: [], sizes: [], lowerBound: 0 });
});
