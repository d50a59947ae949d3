import * as v from 'valibot';
import { list, object, text } from '../../data/files/schema.ts';
import { mean } from '../metrics/mean.ts';
import type { ScoreInfo } from '../scores/score.ts';
import { type Combination, combinationSchema, combine, deviation, expanded } from './combination.ts';
import { COMBINED, type CrossCombination } from './cross-combination.ts';

/** The average as a score among the others. */
export const AVERAGE: ScoreInfo = {
  name: 'average',
  label: 'average of equal scores',
  formula:
    'mean of the scores that calibration cannot tell from the leading one, and of the combination if it cannot be told either, in standard deviations of normal images',
  paper: false,
};

/** A score that is the mean of others. */
export interface Average {
  /** What it is the mean of: the leading score first, then its equals, and perhaps last the combination, which counts for half of it. */
  scores: string[];
  /** What that makes of the scores of an image. */
  combination: Combination;
}

/** @internal */
export const averageSchema = object({
  scores: v.pipe(list(text), v.minLength(1)),
  combination: combinationSchema,
}) satisfies v.GenericSchema<unknown, Average>;

/**
 * The mean of some scores and, where one is given, with the same weight as all of them, of the combination of all scores. Each is taken in
 * standard deviations from its mean over normal images, which makes numbers of any unit comparable.
 *
 * The mean fits nothing to abnormal images, so it is steady where they are few; the combination knows which scores complete each other,
 * where calibration bears that out. What both are worth on held-out objects: bench/NOTES.md.
 *
 * @param columns the scores of the images, by name, the leading one first @param normal of each image, whether it is
 * @returns the average, and what it says of these images, by fits without them where it is fitted
 */
export function averageOf(
  columns: ReadonlyMap<string, readonly number[]>,
  normal: readonly boolean[],
  combined: CrossCombination | null,
): Average & { column: number[] } {
  const ofEqual = standardisedMean(columns, normal);
  const column = columnOf(ofEqual, columns, normal.length);
  const scores = [...columns.keys()];
  if (!combined) return { scores, combination: ofEqual, column };
  const halves = new Map([
    [AVERAGE.name, column],
    [COMBINED.name, combined.outOfFold],
  ]);
  const both = standardisedMean(halves, normal);
  return {
    scores: [...scores, COMBINED.name],
    combination: expanded(both, { [AVERAGE.name]: ofEqual, [COMBINED.name]: combined.combination }),
    column: columnOf(both, halves, normal.length),
  };
}

function standardisedMean(columns: ReadonlyMap<string, readonly number[]>, normal: readonly boolean[]): Combination {
  const entries = [...columns].map(([name, column]) => {
    const own = column.filter((_, i) => normal[i]);
    const centre = mean(own);
    return { name, centre, sd: deviation(own, centre) };
  });
  return {
    weights: Object.fromEntries(entries.map(({ name }) => [name, 1 / entries.length])),
    bias: 0,
    means: Object.fromEntries(entries.map(({ name, centre }) => [name, centre])),
    sds: Object.fromEntries(entries.map(({ name, sd }) => [name, sd])),
  };
}

function columnOf(combination: Combination, columns: ReadonlyMap<string, readonly number[]>, images: number): number[] {
  return Array.from({ length: images }, (_, i) =>
    combine(combination, Object.fromEntries([...columns].map(([name, column]) => [name, column[i] ?? Number.NaN]))),
  );
}
