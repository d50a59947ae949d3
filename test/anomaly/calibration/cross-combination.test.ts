import { describe, expect, it } from 'vitest';
import { leadingOf, parseCalibration } from '../../../src/anomaly/calibration/calibration.ts';
import { combine, fitCombination } from '../../../src/anomaly/calibration/combination.ts';
import { scoresOf } from '../../../src/anomaly/calibration/combined-score.ts';
import { COMBINED, crossCombination } from '../../../src/anomaly/calibration/cross-combination.ts';
import { chooseThresholds } from '../../../src/anomaly/calibration/thresholds.ts';
import { auroc } from '../../../src/anomaly/metrics/classification.ts';
import { computeScores, partsOf, scoresFor } from '../../../src/anomaly/scores/list.ts';
import { spelled } from '../../../src/anomaly/scores/score.ts';
import { type ScoredImage, scoreColumn } from '../../../src/anomaly/scores/scored-image.ts';
import { splitMix64 } from '../../../src/data/datasets/shuffle.ts';
import { expectRefusal } from '../../data/support.ts';

/** Numbers between 0 and 1. */
function uniform(seed: bigint): () => number {
  const next = splitMix64(seed);
  return () => Number(next() >> 11n) / 2 ** 53;
}

/** Networks of which D_n has two hidden layers. */
const LAYERS = { D_A: { hiddenFields: [2, 4].map((stride) => ({ size: 1, stride, offset: 0 })) } };

/** Half of the images abnormal, each with so many scores that say so by `shift`, or nothing. */
function images(count: number, scores: number, shift: number, seed = 1n): ScoredImage[] {
  const random = uniform(seed);
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2 === 0 ? ('abnormal' as const) : ('normal' as const);
    const own = Array.from({ length: scores }, () => random() + (label === 'abnormal' ? shift : 0));
    return { file: `${i}.png`, label, scores: Object.fromEntries(own.map((score, j) => [`s${j}`, score])) };
  });
}

const infosOf = ([first]: ScoredImage[]) =>
  Object.keys(first?.scores ?? {}).map((name) => ({ name, label: name, formula: name, paper: false }));
const columnsOf = (all: ScoredImage[]) => new Map(infosOf(all).map(({ name }) => [name, scoreColumn(all, name)]));
const isAbnormal = (all: ScoredImage[]) => all.map(({ label }) => label === 'abnormal');
const choice = { rule: 'zfn', chosenOn: 'calibration', dataHash: null } as const;

describe('crossCombination', () => {
  it('does not find in noise what is not there, which a fit on the same images does', () => {
    const areas = Array.from({ length: 20 }, (_, seed) => {
      const noise = images(24, 12, 0, BigInt(seed));
      const combined = crossCombination(noise, columnsOf(noise));
      return auroc(combined?.outOfFold ?? [], isAbnormal(noise)) ?? 1;
    });
    expect(areas.reduce((sum, area) => sum + area, 0) / areas.length).toBeLessThan(0.55);
  });

  it('is fitted on all images in the end', () => {
    const all = images(20, 3, 0.3);
    const combined = crossCombination(all, columnsOf(all));
    const scores = all.map((image) => image.scores);
    const labels = all.map(({ label }) => label ?? 'normal');
    expect(combined?.combination).toEqual(fitCombination(scores, labels, 3));
  });

  it('keeps a group out of the fit that judges it', () => {
    // Each group has a secret of its own, by which only its other images could tell its label.
    const grouped = images(40, 1, 0).map((image, i) => {
      const object = i >> 2;
      const label = object % 2 === 0 ? ('abnormal' as const) : ('normal' as const);
      const secrets = Array.from({ length: 10 }, (_, k) => [`k${k}`, k === object ? 1 : 0] as const);
      return { ...image, label, group: `object ${object}`, scores: Object.fromEntries(secrets) };
    });
    const apart = grouped.map(({ group: _, ...image }) => image);
    const area = (all: ScoredImage[]) =>
      auroc(crossCombination(all, columnsOf(all))?.outOfFold ?? [], isAbnormal(grouped)) ?? 1;
    expect(area(apart)).toBe(1);
    expect(area(grouped)).toBeLessThanOrEqual(0.5);
  });

  it('needs five images of each class, of two objects', () => {
    const ten = images(10, 2, 0.5);
    expect(crossCombination(ten, columnsOf(ten))).not.toBeNull();
    expect(crossCombination(ten.slice(1), columnsOf(ten))).toBeNull();
    const inGroups = (group: (i: number) => string) => ten.map((image, i) => ({ ...image, group: group(i) }));
    for (const group of [() => 'one', (i: number) => (i % 2 === 0 ? 'all abnormal' : `${i}`)]) {
      expect(crossCombination(inGroups(group), columnsOf(ten))).toBeNull();
    }
    const two = inGroups((i) => (i < 4 ? 'a' : 'b'));
    const combined = crossCombination(two, columnsOf(two));
    const fitOn = (some: ScoredImage[]) =>
      fitCombination(
        some.map(({ scores }) => scores),
        some.map(({ label }) => label ?? 'normal'),
        (3 * some.length) / 10,
      );
    const [byFirst, bySecond] = [fitOn(two.slice(0, 4)), fitOn(two.slice(4))];
    expect(combined?.outOfFold).toEqual(two.map(({ scores }, i) => combine(i < 4 ? bySecond : byFirst, scores)));
  });
});

describe('a calibration with a combination', () => {
  it('shares the decision with the scores that lead', () => {
    const weak = images(60, 8, 0.25);
    const calibration = chooseThresholds(weak, infosOf(weak), choice);
    expect(calibration.average?.scores.at(-1)).toBe(COMBINED.name);
    for (const { name } of infosOf(weak)) {
      expect(calibration.scores[name]?.auroc).toBeLessThan(calibration.scores.average?.auroc ?? 0);
    }
    const plain = images(20, 3, 2);
    const sure = chooseThresholds(plain, infosOf(plain), choice);
    expect([leadingOf(sure), sure.scores.average?.auroc]).toEqual(['s0', 1]);
  });

  it('is a score like the others: computed from pooled maps, stored and read back', () => {
    const known = scoresFor(LAYERS);
    const names = known.map(({ info }) => info.name);
    const values = new Map(partsOf(known).map((part, j) => [spelled(part), 0.5 + j / 16]));
    const rename = (image: ScoredImage) =>
      Object.fromEntries(names.map((name, j) => [name, image.scores[`s${j}`] ?? 0]));
    const all = images(20, names.length, 0.3).map((image) => ({ ...image, scores: rename(image) }));
    const calibration = chooseThresholds(all, infosOf(all), choice);
    const stored = parseCalibration(JSON.parse(JSON.stringify(calibration)), 'thresholds.json');
    expect(stored).toEqual(calibration);
    const scores = scoresOf(stored);
    expect(scores.map(({ info }) => info.name)).toEqual([...names, 'combined', 'average']);
    const { combined, average: _, ...others } = computeScores(values, scores);
    expect(others).toEqual(computeScores(values, known));
    const { weights, bias, means, sds } = fitCombination(
      all.map((image) => image.scores),
      all.map(({ label }) => label ?? 'normal'),
      3,
    );
    const byHand = names.map(
      (name) => ((weights[name] ?? 0) * ((others[name] ?? 0) - (means[name] ?? 0))) / (sds[name] ?? 1),
    );
    expect(combined).toBeCloseTo(
      byHand.reduce((sum, part) => sum + part, bias),
      9,
    );
  });

  it('of a score that this version does not know is refused', () => {
    const strange = images(20, 2, 0.3);
    const { combination } = chooseThresholds(strange, infosOf(strange), choice);
    expectRefusal(() => scoresOf({ scores: {}, combination }), 's0', 'cyclops calibrate');
    expect(scoresOf({ scores: {}, combination: null })).toEqual([]);
  });
});
