import { describe, expect, it } from 'vitest';
import { neighbours, type TradeOff, tradeOff, tradeOffText } from '../../../src/anomaly/calibration/trade-off.ts';

/** Scores of images, some of them equal. */
function images(count: number): { scores: number[]; abnormal: boolean[] } {
  const abnormal = Array.from({ length: count }, (_, i) => i % 3 === 0);
  return { scores: abnormal.map((is) => Math.round(10 * (Math.random() + (is ? 0.5 : 0)))), abnormal };
}

describe('tradeOff', () => {
  it('has, for each number of misses, the fewest false alarms of all thresholds, where that is an improvement', () => {
    for (let run = 0; run < 50; run++) {
      const { scores, abnormal } = images(1 + run);
      const at = (threshold: number) => ({
        missed: scores.filter((score, i) => abnormal[i] && score < threshold).length,
        falseAlarms: scores.filter((score, i) => !abnormal[i] && score >= threshold).length,
      });
      const all = [...scores, Math.max(...scores) + 1].map(at);
      const { points, present } = tradeOff(scores, abnormal, 5);
      expect(present).toEqual({ threshold: 5, ...at(5) });
      const total = abnormal.filter(Boolean).length;
      for (let missed = 0; missed < total; missed++) {
        const fewest = Math.min(...all.filter((point) => point.missed <= missed).map(({ falseAlarms }) => falseAlarms));
        const found = points.filter((point) => point.missed <= missed).at(-1);
        expect(found?.falseAlarms).toBe(fewest);
      }
      for (const [i, { threshold, ...counts }] of points.entries()) {
        expect(counts).toEqual(at(threshold));
        expect(counts.missed).toBeGreaterThan(points[i - 1]?.missed ?? -1);
        expect(counts.falseAlarms).toBeLessThan(points[i - 1]?.falseAlarms ?? Number.POSITIVE_INFINITY);
      }
    }
  });

  const point = (threshold: number, missed: number, falseAlarms: number) => ({ threshold, missed, falseAlarms });
  const table: TradeOff = { points: [point(1, 0, 9), point(2, 1, 4), point(3, 4, 0)], present: point(2, 1, 4) };

  it('says what the thresholds next to the present one cost', () => {
    expect(neighbours(table)).toEqual({ stricter: table.points[0], laxer: table.points[2] });
    const counts = { normal: 20, abnormal: 8 };
    expect(tradeOffText(table, counts)).toBe(
      'There it misses 1 of 8 abnormal images and flags 4 of 20 normal ones; with 0 missed it would be 9, with 4 missed 0.',
    );
    expect(tradeOffText({ ...table, present: point(1, 0, 9) }, counts)).toMatch(/; with 1 missed it would be 4\.$/);
    expect(tradeOffText({ ...table, present: point(0, 0, 11) }, counts)).toMatch(
      /flags 11 of 20 normal ones; for safety it lies lower than the highest that misses as few, which flags 9\.$/,
    );
    expect(tradeOffText({ points: [point(1, 0, 0)], present: point(1, 0, 0) }, counts)).toMatch(
      /no other is better in either\.$/,
    );
  });
});
