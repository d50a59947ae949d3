import { describe, expect, it } from 'vitest';
import { outcomesOfRules, RULES, scoresOfFolds } from '../../../bench/held-out/figures.ts';
import type { FoldScores } from '../../../src/anomaly/calibration/fold-scores.ts';

type FoldImage = FoldScores['images'][number];

const STATISTICS = { mean: 0, sd: 0, gradient: 0, darkest: 0, brightest: 0 };

/** In each of three folds so many images of each class, each of an object of its own, scored by a formula. */
function images(each: number, score: (label: string, fold: number, i: number) => number): FoldImage[] {
  return [1, 2, 3].flatMap((fold) =>
    (['normal', 'abnormal'] as const).flatMap((label) =>
      Array.from({ length: each }, (_, i) => ({
        file: `${label}/${fold}-${i}.png`,
        ...{ label, fold, statistics: STATISTICS },
        scores: { 'dn_pixels.max': score(label, fold, i), 'dn_pixels.top01': score(label, fold, i) / 2 },
      })),
    ),
  );
}

const apart = (label: string, _: number, i: number) => (label === 'abnormal' ? 2 : 0) + i / 100;

describe('scoresOfFolds', () => {
  it('judges each fold by itself, since networks of another say other things of the same image', () => {
    // Every image of the third fold scores higher than any of the others.
    const scores = scoresOfFolds(images(40, (label, fold, i) => apart(label, fold, i) + (fold === 3 ? 100 : 0)));
    expect(scores.map(({ name }) => name)).toEqual(['dn_pixels.max', 'dn_pixels.top01']);
    expect(scores[0]).toMatchObject({ aurocs: [1, 1, 1], falseAlarms: [0, 0, 0] });
  });

  it('counts false alarms where 3 % are missed', () => {
    // Of 40 abnormal images one may be missed, the one at −1. Half of the normal ones stand at 10.5: below the next, and above it.
    const [max] = scoresOfFolds(
      images(40, (label, _, i) => (label === 'abnormal' ? (i === 0 ? -1 : 10 + i) : i < 20 ? 0 : 10.5)),
    );
    expect(max?.falseAlarms).toEqual([0, 0, 0]);
    const [lower] = scoresOfFolds(
      images(40, (label, _, i) => (label === 'abnormal' ? (i === 0 ? -1 : 9 + i) : i < 20 ? 0 : 10.5)),
    );
    expect(lower?.falseAlarms).toEqual([0.5, 0.5, 0.5]);
  });

  it('leaves out images that no network judged', () => {
    const [first, ...others] = images(4, apart);
    const { scores: _, statistics: __, ...unjudged } = first as FoldImage;
    expect(scoresOfFolds([...others, unjudged])[0]?.aurocs).toEqual([1, 1, 1]);
  });
});

describe('outcomesOfRules', () => {
  it('misses and flags nothing where the classes lie far apart', () => {
    const { outcomes, objects } = outcomesOfRules(images(20, apart), [null, null, null], 10);
    expect(objects).toBeGreaterThan(10);
    expect(outcomes.map(({ rule }) => rule)).toEqual(RULES);
    expect(outcomes[0]).toMatchObject({ rule: 'zfn', missed: 0, flagged: 0 });
    // What may flag normal images for safety does.
    expect(outcomes.find(({ rule }) => rule === 'zfn+0.3')?.flagged).toBeGreaterThan(0.2);
  });

  it('misses what lies below all that calibrated, fewer by a rule with more to spare', () => {
    // One abnormal object of each fold looks less abnormal than a tenth of the normal ones.
    const { outcomes } = outcomesOfRules(
      images(20, (label, _, i) => (label === 'abnormal' ? (i === 0 ? 1 : 10 + i) : i < 2 ? 2 : i / 100)),
      [null, null, null],
      60,
    );
    const missed = Object.fromEntries(outcomes.map((outcome) => [outcome.rule, outcome.missed]));
    expect(missed.zfn).toBeGreaterThan(0.01);
    expect(missed['zfn+0.3']).toBeLessThan(missed.zfn ?? 0);
  });

  it('keeps the images of an object together, and says where too few can be drawn', () => {
    const one = images(4, apart).map((image) => ({ ...image, group: `${image.label}-${image.fold}` }));
    expect(outcomesOfRules(one, [null, null, null], 10).objects).toBeNaN();
  });
});
