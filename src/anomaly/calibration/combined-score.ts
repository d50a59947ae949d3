import { CyclopsError } from '../../gpu/errors.ts';
import { scoreNamed } from '../scores/list.ts';
import type { Score, ScoreInfo } from '../scores/score.ts';
import { AVERAGE } from './average.ts';
import type { Calibration } from './calibration.ts';
import { type Combination, combine } from './combination.ts';
import { COMBINED } from './cross-combination.ts';

/**
 * The scores that a model was calibrated with and that this version computes, in the order of reports, and last what calibration made of
 * them: their combination and their average, where it has them.
 *
 * @param by one more, where a user lets another score decide
 */
export function scoresOf(
  { scores, combination, average }: Pick<Calibration, 'scores' | 'combination' | 'average'>,
  by?: string,
): Score[] {
  const names = Object.keys(scores);
  const others = by === undefined || names.includes(by) ? [] : [by];
  const known = [...names, ...others].flatMap((name) => scoreNamed(name) ?? []);
  return [
    ...known,
    ...(combination ? [combinedScore(COMBINED, combination)] : []),
    ...(average ? [combinedScore(AVERAGE, average.combination)] : []),
  ];
}

/** @throws CyclopsError when the model combines a score that this version does not compute */
function combinedScore(info: ScoreInfo, combination: Combination): Score {
  const combined = Object.keys(combination.weights).map((name) => {
    const score = scoreNamed(name);
    if (score) return score;
    throw new CyclopsError(
      `The model combines scores of which this version does not know ${name}. Use the version of cyclops that made it, or ` +
        "calibrate it anew with 'cyclops calibrate'.",
    );
  });
  return {
    info,
    pools: null,
    parts: combined.flatMap(({ parts }) => parts),
    compute: (values) => {
      let next = 0;
      const scores = combined.map(({ info, parts, compute }) => {
        const own = values.slice(next, next + parts.length);
        next += parts.length;
        return [info.name, compute(own)] as const;
      });
      return combine(combination, Object.fromEntries(scores));
    },
  };
}
