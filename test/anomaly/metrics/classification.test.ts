import { describe, expect, it } from 'vitest';
import {
  abnormalsForBound,
  auroc,
  bestAccuracy,
  confusion,
  halfwayDown,
  missRateUpperBound,
  rocCurve as rocCurveOf,
  scoreHistogram,
} from '../../../src/anomaly/metrics/classification.ts';
import { type Sweep, sweepThresholds, withoutMiss } from '../../../src/anomaly/metrics/sweep.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';

/** A figure of a sweep, from scores; null when a class is empty. */
const fromScores =
  <T>(figure: (sweep: Sweep) => T) =>
  (scores: readonly number[], abnormal: readonly boolean[]): T | null => {
    const sweep = sweepThresholds(scores, abnormal);
    return sweep && figure(sweep);
  };
const rocCurve = fromScores(rocCurveOf);
const zeroFalseNegative = fromScores(withoutMiss);

/** Park–Miller: a fixed sequence of numbers in [0, 1). */
function randomSequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Few distinct values, so that ties occur within and across the classes. */
function randomCase(seed: number): { scores: number[]; abnormal: boolean[] } {
  const random = randomSequence(seed);
  const count = 2 + Math.floor(random() * 40);
  const values = 1 + Math.floor(random() * 30);
  const abnormal = Array.from({ length: count }, (_, i) => i === 0 || (i > 1 && random() < 0.4));
  const scores = abnormal.map((positive) => (Math.floor(random() * values) + (positive ? 2 : 0)) / 8 - 1);
  return { scores, abnormal };
}

const cases = Array.from({ length: 300 }, (_, i) => randomCase(1000 + 7 * i));

/** The definition: over all pairs, how often the abnormal one scores higher, ties counting half. */
function pairwiseAuroc(scores: number[], abnormal: boolean[]): number {
  let wins = 0;
  let pairs = 0;
  scores.forEach((a, i) => {
    scores.forEach((b, j) => {
      if (!abnormal[i] || abnormal[j]) return;
      pairs++;
      wins += a > b ? 1 : a === b ? 0.5 : 0;
    });
  });
  return wins / pairs;
}

function accuracyAt(scores: number[], abnormal: boolean[], threshold: number): number {
  return scores.filter((score, i) => score >= threshold === abnormal[i]).length / scores.length;
}

describe('auroc', () => {
  it('agrees with published examples', () => {
    // The example of scikit-learn's roc_auc_score and roc_curve.
    expect(auroc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75);
    // Hanley & McNeil 1982, table II: 58 normal and 51 abnormal CT images rated 1 to 5; they give 0.893.
    const normal = [33, 6, 6, 11, 2];
    const abnormal = [3, 2, 2, 11, 33];
    const rated = (counts: number[]) => counts.flatMap((count, i) => new Array<number>(count).fill(i + 1));
    const scores = [...rated(normal), ...rated(abnormal)];
    const area = auroc(
      scores,
      scores.map((_, i) => i >= 58),
    );
    expect(area).toBeCloseTo(0.893, 3);
  });

  it('is 1, 0 and ½ for perfect, reversed and constant scores', () => {
    const abnormal = [false, false, true];
    expect(auroc([1, 2, 3], abnormal)).toBe(1);
    expect(auroc([3, 2, 1], abnormal)).toBe(0);
    expect(auroc([7, 7, 7], abnormal)).toBe(0.5);
  });

  it('counts ties half: 1 win, 2 ties and 1 loss of 4 pairs', () => {
    // abnormal 2, 1 against normal 2, 1: 2 > 1 wins, 2 = 2 and 1 = 1 tie, 1 < 2 loses.
    expect(auroc([2, 1, 2, 1], [true, true, false, false])).toBe(0.5);
    // abnormal 3, 1 against normal 1, 1: two wins, two ties.
    expect(auroc([3, 1, 1, 1], [true, true, false, false])).toBe(0.75);
  });

  it('agrees with the count over all pairs', () => {
    for (const { scores, abnormal } of cases) {
      expect(auroc(scores, abnormal)).toBeCloseTo(pairwiseAuroc(scores, abnormal), 12);
    }
  });

  it('does not depend on the order of the images', () => {
    for (const { scores, abnormal } of cases.slice(0, 20)) {
      expect(auroc(scores.toReversed(), abnormal.toReversed())).toBe(auroc(scores, abnormal));
    }
  });
});

describe('rocCurve', () => {
  it('agrees with the example of scikit-learn', () => {
    const points = rocCurve([0.1, 0.4, 0.35, 0.8], [false, false, true, true]);
    expect(points).toEqual([
      { falsePositiveRate: 0, truePositiveRate: 0, threshold: null },
      { falsePositiveRate: 0, truePositiveRate: 0.5, threshold: 0.8 },
      { falsePositiveRate: 0.5, truePositiveRate: 0.5, threshold: 0.4 },
      { falsePositiveRate: 0.5, truePositiveRate: 1, threshold: 0.35 },
      { falsePositiveRate: 1, truePositiveRate: 1, threshold: 0.1 },
    ]);
  });

  it('has one point for tied scores, and each point is what its threshold does', () => {
    expect(rocCurve([5, 5, 5], [true, false, false])).toHaveLength(2);
    for (const { scores, abnormal } of cases.slice(0, 50)) {
      for (const point of rocCurve(scores, abnormal)?.slice(1) ?? []) {
        const counts = confusion(scores, abnormal, point.threshold ?? Number.NaN);
        expect(point.truePositiveRate).toBe(counts.truePositives / (counts.truePositives + counts.falseNegatives));
        expect(point.falsePositiveRate).toBe(counts.falsePositives / (counts.falsePositives + counts.trueNegatives));
      }
    }
  });
});

describe('thresholds', () => {
  it('flags from the threshold on, not only above it', () => {
    expect(confusion([1, 2, 2, 3], [false, false, true, true], 2)).toEqual({
      truePositives: 2,
      falseNegatives: 0,
      falsePositives: 1,
      trueNegatives: 1,
    });
    expect(confusion([], [], 0)).toEqual({ truePositives: 0, falseNegatives: 0, falsePositives: 0, trueNegatives: 0 });
  });

  it('finds the best accuracy by hand: 5 of 6 from 3', () => {
    // From 3 it misses 2.2 and raises no false alarm; from 2.2 it misses none and raises two, 2.4 and 2.5.
    expect(bestAccuracy([1, 2.4, 2.5, 2.2, 3, 4], [false, false, false, true, true, true])).toEqual({
      accuracy: 5 / 6,
      threshold: 3,
    });
  });

  it('prefers the lower of two equally good thresholds, which misses less', () => {
    // From 1: one false alarm. From 3: one miss. Both 3 of 4.
    expect(bestAccuracy([0, 2, 1, 3], [false, false, true, true])).toEqual({ accuracy: 0.75, threshold: 1 });
  });

  it('finds no better accuracy by trying every score', () => {
    for (const { scores, abnormal } of cases) {
      const tried = scores.map((threshold) => accuracyAt(scores, abnormal, threshold));
      const best = bestAccuracy(scores, abnormal);
      expect(best?.accuracy).toBe(Math.max(...tried));
      const reaching = scores.filter((_, i) => tried[i] === best?.accuracy);
      expect(best?.threshold).toBe(Math.min(...reaching));
    }
  });

  it('misses nothing at zero false negatives, and would at the next higher score', () => {
    expect(zeroFalseNegative([1, 2, 3, 4, 2.5, 5], [false, false, false, false, true, true])).toEqual({
      threshold: 2.5,
      accuracy: 4 / 6,
      specificity: 0.5,
    });
    for (const { scores, abnormal } of cases) {
      const zfn = zeroFalseNegative(scores, abnormal);
      const threshold = Math.min(...scores.filter((_, i) => abnormal[i]));
      const passed = scores.filter((score, i) => !abnormal[i] && score < threshold).length;
      expect(zfn?.threshold).toBe(threshold);
      expect(zfn?.accuracy).toBe(accuracyAt(scores, abnormal, threshold));
      expect(zfn?.specificity).toBe(passed / abnormal.filter((positive) => !positive).length);
    }
  });

  it('has ACC_ZFN = (1 + specificity) / 2 on a balanced set', () => {
    const zfn = zeroFalseNegative([1, 2, 3, 2.5, 4, 5], [false, false, false, true, true, true]);
    expect(zfn?.accuracy).toBeCloseTo((1 + (zfn?.specificity ?? Number.NaN)) / 2, 15);
  });
});

describe('halfwayDown', () => {
  it('lies in the middle of the gap below the lowest score that is flagged', () => {
    expect(halfwayDown([1, 2, 3, 4], 3)).toBe(2.5);
    expect(halfwayDown([1, 2, 3, 4], 2.9)).toBe(2.5);
    expect(halfwayDown([4, -1, 4, 0], 4)).toBe(2);
    expect(halfwayDown([1.5e308, -1.5e308], 1.5e308)).toBe(0);
  });

  it('flags the same images, also where scores are neighbours', () => {
    const next = 1 + Number.EPSILON;
    expect(halfwayDown([1, next], next)).toBe(next);
    for (const { scores, abnormal } of cases) {
      for (const threshold of scores) {
        const moved = halfwayDown(scores, threshold);
        expect(confusion(scores, abnormal, moved)).toEqual(confusion(scores, abnormal, threshold));
      }
    }
  });

  it('stays where no score is lower, or none is flagged', () => {
    expect(halfwayDown([1, 2], 1)).toBe(1);
    expect(halfwayDown([1, 2], 3)).toBe(3);
  });
});

describe('abnormalsForBound', () => {
  it('is the least number of abnormal images without a miss that promises the bound', () => {
    expect([0.05, 0.01, 0.095].map(abnormalsForBound)).toEqual([59, 299, 31]);
    for (const bound of [0.3, 0.05, 0.01, 0.001]) {
      const n = abnormalsForBound(bound);
      expect(missRateUpperBound(0, n)).toBeLessThanOrEqual(bound);
      expect(missRateUpperBound(0, n - 1)).toBeGreaterThan(bound);
    }
  });
});

describe('missRateUpperBound', () => {
  it('is 1 − 0.05^(1/n) without a miss', () => {
    for (const n of [1, 30, 59, 299]) expect(missRateUpperBound(0, n)).toBeCloseTo(1 - 0.05 ** (1 / n), 12);
  });

  it('agrees with exact binomial sums', () => {
    expect(missRateUpperBound(1, 20)).toBeCloseTo(0.21610616420684728, 12);
    expect(missRateUpperBound(5, 100)).toBeCloseTo(0.10225337764327451, 12);
    expect(missRateUpperBound(3, 43)).toBeCloseTo(0.17056312688838485, 12);
  });

  it('is 1 when all are missed, and does not underflow for many images', () => {
    expect(missRateUpperBound(4, 4)).toBe(1);
    // Normal approximation: 0.5 + 1.645 · √(0.25 / 20000).
    expect(missRateUpperBound(10000, 20000)).toBeCloseTo(0.5058, 3);
  });
});

describe('scoreHistogram', () => {
  it('counts every image once, in shared bins, both ends included', () => {
    const histogram = scoreHistogram([0, 1, 2, 3, 4], [false, false, true, true, true], [], 4);
    expect(histogram).toEqual({ edges: [0, 1, 2, 3, 4], normal: [1, 1, 0, 0], abnormal: [0, 0, 1, 2] });
  });

  it('reaches to the thresholds', () => {
    expect(scoreHistogram([1, 2], [false, true], [-2, 6], 4)?.edges).toEqual([-2, 0, 2, 4, 6]);
  });

  it('gives a single value a bin with a width', () => {
    const histogram = scoreHistogram([3, 3], [false, true], [], 3);
    expect(histogram?.edges).toEqual([3, 4, 5, 6]);
    expect(histogram?.normal).toEqual([1, 0, 0]);
  });
});

describe('degenerate input', () => {
  it('has no figure that needs both classes when one is empty', () => {
    for (const abnormal of [
      [true, true],
      [false, false],
    ]) {
      expect(auroc([1, 2], abnormal)).toBeNull();
      expect(rocCurve([1, 2], abnormal)).toBeNull();
      expect(bestAccuracy([1, 2], abnormal)).toBeNull();
      expect(zeroFalseNegative([1, 2], abnormal)).toBeNull();
    }
    expect(auroc([], [])).toBeNull();
    expect(scoreHistogram([], [])).toBeNull();
  });

  it('refuses scores without a rank', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const metric of [auroc, rocCurve, bestAccuracy, zeroFalseNegative, scoreHistogram]) {
        expect(() => metric([1, bad], [true, false])).toThrow(CyclopsError);
      }
    }
    expect(() => confusion([1, 2], [true, false], Number.NaN)).toThrow(CyclopsError);
    expect(() => auroc([1, 2], [true])).toThrow(RangeError);
  });
});
