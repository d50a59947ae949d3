import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../src/cyclegan/config.ts';
import { preset } from '../../src/cyclegan/presets.ts';
import { planEpoch, stepsPerEpoch } from '../../src/cyclegan/sampler.ts';

const config = (changes: Partial<TrainingConfig> = {}): TrainingConfig => ({
  ...preset('tiny'),
  loadSize: 64,
  cropSize: 48,
  rotate: true,
  ...changes,
});

describe('planEpoch', () => {
  it('shows the larger domain once and wraps the smaller one, in random order', () => {
    const plan = planEpoch(config(), { a: 3, b: 10 }, 1);
    const shown = plan.flatMap(({ a }) => a.indices);
    expect(shown).toHaveLength(10);
    for (const index of [0, 1, 2]) expect(shown.filter((i) => i === index).length).toBeGreaterThanOrEqual(3);
    const plan2 = planEpoch(config(), { a: 10, b: 3 }, 1).flatMap(({ a }) => a.indices);
    expect(plan2.toSorted((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(plan2).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('draws B independently and evenly', () => {
    const counts = [0, 0, 0, 0];
    for (let epoch = 1; epoch <= 100; epoch++) {
      for (const { b } of planEpoch(config(), { a: 40, b: 4 }, epoch)) {
        for (const index of b.indices) counts[index] = (counts[index] ?? 0) + 1;
      }
    }
    // 4000 draws over 4: a standard deviation of 27; six of them.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(164);
  });

  it('keeps crops inside the image, reaches both ends, and takes all eight views', () => {
    const views = planEpoch(config(), { a: 2000, b: 1 }, 1).flatMap(({ a, b }) => [...a.views, ...b.views]);
    const places = new Set(views.flatMap(({ x, y }) => [x, y]));
    expect([Math.min(...places), Math.max(...places)]).toEqual([0, 16]);
    expect(views.every(({ width, height }) => width === 48 && height === 48)).toBe(true);
    expect(new Set(views.map(({ flip, turns }) => `${flip} ${turns}`)).size).toBe(8);
  });

  it('does not flip or turn when told not to, and the other choices stay the same', () => {
    const plain = planEpoch(config({ flip: false, rotate: false }), { a: 50, b: 50 }, 3);
    const full = planEpoch(config(), { a: 50, b: 50 }, 3);
    expect(plain.every(({ a }) => a.views.every(({ flip, turns }) => !flip && turns === 0))).toBe(true);
    const rest = (plan: typeof plain) => plan.map(({ a }) => [a.indices, a.views.map(({ x, y }) => [x, y])]);
    expect(rest(plain)).toEqual(rest(full));
  });

  it('keeps the direction of a grain where it flips without turning', () => {
    const seen = (changes: Partial<TrainingConfig>) => {
      const views = planEpoch(config({ rotate: false, ...changes }), { a: 400, b: 400 }, 1).flatMap(({ a }) => a.views);
      return new Set(views.map(({ flip, turns }) => `${flip} ${turns}`));
    };
    expect(seen({ flipVertical: true })).toEqual(new Set(['false 0', 'true 0', 'true 2', 'false 2']));
    expect(seen({ flip: false, flipVertical: true })).toEqual(new Set(['false 0', 'true 2']));
    expect(seen({ rotate: true, flip: false, flipVertical: true })).toEqual(seen({ rotate: true }));
  });

  it('cuts crops that hold a pixel of the defect, wherever it lies, and any crop where nobody knows', () => {
    const at = (x: number, y: number) => Uint32Array.of(y * 64 + x);
    const corners = [at(0, 0), at(63, 63), at(63, 0)];
    const defects = [...corners, at(31, 20), Uint32Array.of(0, 63 * 64 + 63), null];
    const views = planEpoch(config(), { a: 6, b: 1200 }, 1, { defects }).flatMap(({ a }) =>
      a.views.map((view, n) => ({ ...view, index: a.indices[n] })),
    );
    const of = (index: number) => views.filter((view) => view.index === index);
    expect(new Set(of(0).map(({ x, y }) => `${x} ${y}`))).toEqual(new Set(['0 0']));
    expect(new Set(of(1).map(({ x, y }) => `${x} ${y}`))).toEqual(new Set(['16 16']));
    expect(new Set(of(2).map(({ x, y }) => `${x} ${y}`))).toEqual(new Set(['16 0']));
    expect(new Set(of(3).map(({ x }) => x)).size).toBe(17);
    expect(new Set(of(4).map(({ x, y }) => `${x} ${y}`))).toEqual(new Set(['0 0', '16 16']));
    expect(new Set(of(5).map(({ x, y }) => `${x} ${y}`)).size).toBeGreaterThan(90);
    expect(new Set(of(5).map(({ x }) => x)).size).toBe(17);
  });

  it('keeps a defect larger than a crop inside it in part, evenly over its pixels', () => {
    const everywhere = Uint32Array.from({ length: 64 * 64 }, (_, i) => i);
    const views = planEpoch(config({ cropSize: 24 }), { a: 1, b: 4000 }, 1, { defects: [everywhere] }).flatMap(
      ({ a }) => a.views,
    );
    expect(new Set(views.map(({ x }) => x)).size).toBe(41);
    expect(new Set(views.map(({ y }) => y)).size).toBe(41);
  });

  it('draws further crops of both domains, those of A with their defects, and leaves the others of the first step as they are', () => {
    const counts = { a: 3, b: 40 };
    const corner = [Uint32Array.of(0), Uint32Array.of(0), Uint32Array.of(0)];
    const plain = planEpoch(config(), counts, 1, { defects: corner });
    const plan = planEpoch(config({ domainCrops: 50 }), counts, 1, { defects: corner });
    expect(plain.every(({ domains }) => domains === null)).toBe(true);
    expect({ ...plan[0], domains: null }).toEqual(plain[0]);
    const domains = plan.map((batch) => batch.domains ?? expect.fail('no further crops'));
    expect(domains.every(({ a, b }) => a.indices.length === 50 && b.views.length === 50)).toBe(true);
    expect(new Set(domains.flatMap(({ a }) => a.views.map(({ x, y }) => `${x} ${y}`)))).toEqual(new Set(['0 0']));
    expect(new Set(domains.flatMap(({ b }) => b.views.map(({ x }) => x))).size).toBe(17);
    expect(new Set(domains.flatMap(({ a }) => a.indices))).toEqual(new Set([0, 1, 2]));
    expect(new Set(domains.flatMap(({ b }) => b.indices)).size).toBe(40);
    expect(domains[1]).not.toEqual(domains[0]);
  });

  it('takes half of the further crops of A from images that were made, and leaves everything else as it is', () => {
    const options = config({ domainCrops: 40 });
    const defects = Array.from({ length: 13 }, (_, index) => (index < 3 ? null : Uint32Array.of(63 * 64 + 63)));
    const plan = planEpoch(options, { a: 3, b: 40, made: 10 }, 1, { defects });
    expect({ ...plan[0], domains: null }).toEqual({ ...planEpoch(options, { a: 3, b: 40 }, 1)[0], domains: null });
    const shown = plan.flatMap(({ domains }) => domains?.a.indices ?? []);
    const ofMade = shown.filter((index) => index >= 3);
    // 1600 draws: a standard deviation of 20; six of them.
    expect(Math.abs(ofMade.length - shown.length / 2)).toBeLessThan(120);
    expect(new Set(shown)).toEqual(new Set(Array.from({ length: 13 }, (_, index) => index)));
    const views = plan.flatMap(({ domains }) =>
      (domains?.a.views ?? []).filter((_, n) => (domains?.a.indices[n] ?? 0) >= 3),
    );
    expect(new Set(views.map(({ x, y }) => `${x} ${y}`))).toEqual(new Set(['16 16']));
  });

  it('shows half of the further crops smaller copies, and their defects, and leaves everything else as it is', () => {
    const options = config({ domainCrops: 5, cropSize: 24 });
    const counts = { a: 3, b: 40, made: 2 };
    const defects = Array.from({ length: 5 }, () => Uint32Array.of(0));
    const small = { side: 32, defects: Array.from({ length: 5 }, () => Uint32Array.of(31 * 32 + 31)) };
    const plan = planEpoch(options, counts, 1, { defects, small });
    const domains = plan.map((batch) => batch.domains ?? expect.fail('no further crops'));
    expect({ ...plan[0], domains: null }).toEqual({
      ...planEpoch(options, counts, 1, { defects })[0],
      domains: null,
    });
    for (const { a, b } of domains) {
      expect(a.indices.map((index) => index >= 5)).toEqual([false, false, false, true, true]);
      expect(b.indices.map((index) => index >= 40)).toEqual([false, false, false, true, true]);
      expect(a.views.map(({ x, y }) => `${x} ${y}`)).toEqual(['0 0', '0 0', '0 0', '8 8', '8 8']);
      expect(b.views.slice(3).every(({ x, y }) => x <= 8 && y <= 8)).toBe(true);
    }
    expect(new Set(domains.flatMap(({ a }) => a.indices.slice(3)))).toEqual(new Set([5, 6, 7, 8, 9]));
    expect(Math.max(...domains.flatMap(({ b }) => b.indices))).toBeLessThan(80);
  });

  it('takes images that were made for those of A where there are none', () => {
    const plan = planEpoch(config({ domainCrops: 5 }), { a: 0, b: 4, made: 6 }, 1);
    expect(plan).toHaveLength(4);
    expect(plan.every(({ a, domains }) => [...a.indices, ...(domains?.a.indices ?? [])].every((i) => i < 6))).toBe(
      true,
    );
  });

  it('is a pure function of seed and epoch', () => {
    const plan = (changes: Partial<TrainingConfig>, epoch: number) => planEpoch(config(changes), { a: 9, b: 9 }, epoch);
    expect(plan({}, 2)).toEqual(plan({}, 2));
    expect(plan({}, 2)).not.toEqual(plan({}, 3));
    expect(plan({}, 2)).not.toEqual(plan({ seed: 1 }, 2));
  });

  it('leaves out an incomplete last batch, but never the only one', () => {
    expect(stepsPerEpoch({ a: 7, b: 10 }, 4)).toBe(2);
    expect(stepsPerEpoch({ a: 2, b: 3 }, 16)).toBe(1);
    const batch = planEpoch(config({ batchSize: 5 }), { a: 2, b: 3 }, 1)[0];
    expect(batch?.a.indices).toHaveLength(5);
    expect(batch?.b.indices.every((index) => index < 3)).toBe(true);
  });
});
