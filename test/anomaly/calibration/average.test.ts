import { describe, expect, it } from 'vitest';
import { AVERAGE, averageOf } from '../../../src/anomaly/calibration/average.ts';
import { leadingOf, parseCalibration } from '../../../src/anomaly/calibration/calibration.ts';
import { combine } from '../../../src/anomaly/calibration/combination.ts';
import { scoresOf } from '../../../src/anomaly/calibration/combined-score.ts';
import { equalScores, standardError } from '../../../src/anomaly/calibration/score-choice.ts';
import { chooseThresholds } from '../../../src/anomaly/calibration/thresholds.ts';
import type { ScoredImage } from '../../../src/anomaly/scores/scored-image.ts';

const choice = { rule: 'zfn', chosenOn: 'calibration', dataHash: null } as const;
const infosOf = (names: readonly string[]) => names.map((name) => ({ name, label: name, formula: name, paper: false }));

const normal = [true, true, false, true];
const columns = new Map([
  ['a', [1, 3, 10, 2]],
  ['b', [-1000, 1000, 4000, 0]],
]);
/** Of the values of normal images, 1, 3 and 2 and a thousand times 1, −1 and 0. */
const sd = Math.sqrt(2 / 3);

describe('averageOf', () => {
  it('is the mean in standard deviations of normal images, whatever the units', () => {
    const { combination, column, scores } = averageOf(columns, normal, null);
    expect(scores).toEqual(['a', 'b']);
    expect(column[2]).toBeCloseTo((8 / sd + 4 / sd) / 2, 12);
    expect(combine(combination, { a: 10, b: 4000 })).toBeCloseTo(column[2] ?? 0, 12);
    const scaled = averageOf(new Map([...columns, ['b', [-1, 1, 4, 0].map((value) => value / 7 + 5)]]), normal, null);
    expect(scaled.column[2]).toBeCloseTo(column[2] ?? 0, 10);
  });

  it('gives the combination as much weight as all others, and judges by what it says out of fold', () => {
    const parts = { weights: { a: 2, c: -1 }, bias: 3, means: { a: 1, c: 4 }, sds: { a: 5, c: 2 } };
    const outOfFold = [5, 7, 30, 9];
    const { combination, column, scores } = averageOf(columns, normal, { combination: parts, outOfFold });
    expect(scores).toEqual(['a', 'b', 'combined']);
    const equal = averageOf(columns, normal, null).column;
    const sdOfEqual = Math.sqrt([0, 1, 3].reduce((sum, i) => sum + (equal[i] ?? 0) ** 2, 0) / 3);
    for (const [i, own] of outOfFold.entries()) {
      expect(column[i]).toBeCloseTo(((equal[i] ?? 0) / sdOfEqual + (own - 7) / (2 * sd)) / 2, 12);
    }
    // A new image is judged by the fit on all.
    const image = { a: 4, b: 250, c: 1 };
    const fitted = combine(parts, image);
    const mean = ((image.a - 2) / sd + image.b / (1000 * sd)) / 2;
    expect(combine(combination, image)).toBeCloseTo((mean / sdOfEqual + (fitted - 7) / (2 * sd)) / 2, 12);
  });

  it('keeps a score that is the same for all normal images finite', () => {
    const { combination } = averageOf(new Map([['a', [0.1, 0.1, 0.1]]]), [true, true, true], null);
    expect(combine(combination, { a: 0.1 })).toBeCloseTo(0, 12);
  });
});

it('scores are equal up to a standard error below the leading one, and above it', () => {
  const counts = { normal: 20, abnormal: 10 };
  const error = standardError(0.7, counts);
  const areas = new Map([
    ['better', 1],
    ['leading', 0.7 + 0.99 * error],
    ['equal', 0.7],
    ['worse', 0.69],
  ]);
  expect(equalScores('leading', areas, counts, 2)).toEqual(['leading', 'better', 'equal']);
});

it("a segmenter's score has no equals but those of its own map where images show few objects", () => {
  const areas = new Map([
    ['sse', 1],
    ['dn_pixels.top1', 0.99],
    ['dn_pixels.mean', 0.5],
    ['dn_pixels.max', 1],
    ['dn_pixels_change.max', 1],
  ]);
  const counts = { normal: 20, abnormal: 10 };
  expect(equalScores('dn_pixels.top1', areas, counts, 1)).toEqual(['dn_pixels.top1', 'dn_pixels.max']);
  expect(equalScores('dn_pixels.top1', areas, counts, 7)).toEqual(['dn_pixels.top1', 'dn_pixels.max']);
  expect(equalScores('dn_pixels.top1', areas, counts, 8)).toEqual([
    ...['dn_pixels.top1', 'sse', 'dn_pixels.max', 'dn_pixels_change.max'],
  ]);
  expect(equalScores('sse', areas, counts, 1)).toHaveLength(4);
});

/** Images of which a number says what they are, with noise, and other numbers say less and less. */
function images(): ScoredImage[] {
  return Array.from({ length: 24 }, (_, i) => {
    const label = i % 2 === 0 ? ('abnormal' as const) : ('normal' as const);
    const noise = (k: number) => ((i * (7 + 2 * k)) % 24) / 24;
    const sign = label === 'abnormal' ? 1 : 0;
    return {
      file: `${i}.png`,
      label,
      scores: { sse: sign + noise(1), 'dn.max': 10 * sign + 12 * noise(2), ssim: noise(3), l1: sign + noise(4) },
    };
  });
}

describe('a calibration with an average', () => {
  const all = images();
  const calibration = chooseThresholds(all, infosOf(Object.keys(all[0]?.scores ?? {})), choice);

  it('lets it decide, made of what cannot be told from the leading score and of the combination', () => {
    const { average, chosen, scores } = calibration;
    expect(chosen).toBe(AVERAGE.name);
    expect(average?.scores[0]).toBe(leadingOf(calibration));
    expect(average?.scores.at(-1)).toBe('combined');
    expect(average?.scores).not.toContain('ssim');
    expect(scores.average?.auroc).toBeGreaterThanOrEqual(scores[leadingOf(calibration)]?.auroc ?? 1);
    expect(calibration.tradeOff?.present.threshold).toBe(scores.average?.threshold.value);
  });

  it('is stored and read back, and computed like every score', () => {
    const stored = parseCalibration(JSON.parse(JSON.stringify(calibration)), 'thresholds.json');
    expect(stored).toEqual(calibration);
    expect(scoresOf(stored).at(-1)?.info).toEqual(AVERAGE);
  });

  it('is of the pixels of a segmenter alone where images show one object of a class only', () => {
    const calibrated = (group: (i: number) => string) => {
      const withPixels = all.map((image, i) => {
        const { sse = 0, ...others } = image.scores;
        const scores = { ...others, sse, 'dn_pixels.top1': sse, 'dn_pixels.max': 2 * sse + 1 };
        return { ...image, group: group(i), scores };
      });
      return chooseThresholds(withPixels, infosOf(Object.keys(withPixels[0]?.scores ?? {})), choice);
    };
    const one = calibrated((i) => (i % 2 === 0 ? 'one' : `${i}`));
    expect([one.chosen, one.average?.scores, one.combination]).toEqual([
      AVERAGE.name,
      ['dn_pixels.top1', 'dn_pixels.max'],
      null,
    ]);
    const many = calibrated((i) => `${i}`);
    expect(many.average?.scores).toContain('sse');
    expect(many.average?.scores.at(-1)).toBe('combined');
  });

  it('leaves a combination out that is worse on objects that it was not fitted on', () => {
    const shifted = all.map((image, i) => {
      const sign = image.label === 'abnormal' ? 1 : 0;
      const isSecond = i % 4 > 1;
      // What tells the first two objects apart says the opposite of the others.
      const misleading = (isSecond ? -1 : 1) * sign;
      const scores = { sse: sign + (i % 5) / 10, l1: sign + (i % 3) / 10 };
      const others = { ssim: misleading, cycle: 2 * misleading, features: 3 * misleading, ratio: 4 * misleading };
      return { ...image, group: `${image.label} ${isSecond}`, scores: { ...scores, ...others } };
    });
    const infos = infosOf(Object.keys(shifted[0]?.scores ?? {}));
    const { average, combination, scores } = chooseThresholds(shifted, infos, choice);
    expect(combination).not.toBeNull();
    expect(scores.combined?.auroc).toBeLessThan(0.9);
    expect(average?.scores).toEqual(['sse', 'l1']);
  });

  it('has none where there is nothing to average, or images are too few', () => {
    const oneObject = all.map((image) => ({
      ...image,
      group: image.label ?? '',
      scores: { sse: image.label === 'abnormal' ? 1 : 0, ssim: image.scores.ssim ?? 0 },
    }));
    const lonely = chooseThresholds(oneObject, infosOf(['sse', 'ssim']), choice);
    expect([lonely.chosen, lonely.average, lonely.combination]).toEqual(['sse', undefined, null]);
    const few = chooseThresholds(all.slice(0, 9), infosOf(['sse', 'l1']), choice);
    expect([few.chosen, few.average]).toEqual([leadingOf(few), undefined]);
  });
});
