import type * as v from 'valibot';
import type { Label } from '../../data/datasets/dataset.ts';
import { finite, list, object, whole } from '../../data/files/schema.ts';
import { halfwayDown } from '../metrics/classification.ts';

/** What a threshold does to the images that calibrate. */
export interface TradeOffPoint {
  threshold: number;
  /** Abnormal images below it. */
  missed: number;
  /** Normal images at or above it. */
  falseAlarms: number;
}

/** What stricter and laxer thresholds of a score would have cost on the images that chose it. */
export interface TradeOff {
  /** From no miss on, each with more misses and fewer false alarms than the one before. */
  points: TradeOffPoint[];
  /** The threshold that was chosen. */
  present: TradeOffPoint;
}

const pointSchema = object({ threshold: finite(), missed: whole(), falseAlarms: whole() });

/** @internal */
export const tradeOffSchema = object({ points: list(pointSchema), present: pointSchema }) satisfies v.GenericSchema<
  unknown,
  TradeOff
>;

/** Whether so many images can be judged so wrongly. */
export function isWithin({ points, present }: TradeOff, { abnormal, normal }: Record<Label, number>): boolean {
  return [...points, present].every(({ missed, falseAlarms }) => missed <= abnormal && falseAlarms <= normal);
}

/**
 * For each number of misses the threshold with the fewest false alarms, where that is fewer than with fewer misses. Thresholds lie halfway
 * between scores, as those of the rules do.
 *
 * @param abnormal of each score, whether its image is @param threshold the one that was chosen
 */
export function tradeOff(scores: readonly number[], abnormal: readonly boolean[], threshold: number): TradeOff {
  const pointAt = (at: number): TradeOffPoint => ({
    threshold: at,
    missed: scores.filter((score, i) => abnormal[i] && score < at).length,
    falseAlarms: scores.filter((score, i) => !abnormal[i] && score >= at).length,
  });
  const ofAbnormal = [...new Set(scores.filter((_, i) => abnormal[i]))].sort((a, b) => a - b);
  const points: TradeOffPoint[] = [];
  for (const score of ofAbnormal) {
    const point = pointAt(halfwayDown(scores, score));
    if (point.falseAlarms < (points.at(-1)?.falseAlarms ?? Number.POSITIVE_INFINITY)) points.push(point);
  }
  return { points, present: pointAt(threshold) };
}

/** What the present threshold costs on the images that chose it, and what the next stricter and the next laxer one would. */
export function tradeOffText(table: TradeOff, { normal, abnormal }: Readonly<Record<Label, number>>): string {
  const { present } = table;
  const { stricter, laxer } = neighbours(table);
  const safe = laxer?.missed === present.missed ? laxer : null;
  const others = [
    ...(safe ? [`for safety it lies lower than the highest that misses as few, which flags ${safe.falseAlarms}`] : []),
    ...(stricter ? [`with ${stricter.missed} missed it would be ${stricter.falseAlarms}`] : []),
    ...(laxer && !safe ? [`with ${laxer.missed} missed ${stricter ? '' : 'it would be '}${laxer.falseAlarms}`] : []),
  ];
  const own = `There it misses ${present.missed} of ${abnormal} abnormal images and flags ${present.falseAlarms} of ${normal} normal ones`;
  return `${own}${others.length > 0 ? `; ${others.join(', ')}` : ', and no other is better in either'}.`;
}

/** The points next to the present one: the nearest with fewer misses, and the nearest with fewer false alarms; null where there is none. */
export function neighbours({ points, present }: TradeOff): {
  stricter: TradeOffPoint | null;
  laxer: TradeOffPoint | null;
} {
  return {
    stricter: points.findLast(({ missed }) => missed < present.missed) ?? null,
    laxer: points.find(({ falseAlarms }) => falseAlarms < present.falseAlarms) ?? null,
  };
}
