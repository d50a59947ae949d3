import { CyclopsError } from '../../gpu/errors.ts';
import { computeScores, measurementsFor, SCORES } from '../scores/list.ts';
import type { Score } from '../scores/score.ts';
import type { Calibration } from './calibration.ts';
import { type Combination, combine } from './combination.ts';
import { COMBINED } from './cross-combination.ts';

/** Every score of a calibrated model, in the order of reports: those that this version computes, then their combination if the model has one. */
export function scoresOf({ combination }: Pick<Calibration, 'combination'>): readonly Score[] {
  return combination ? [...SCORES, combinedScore(combination)] : SCORES;
}

/** @throws CyclopsError when the model combines a score that this version does not compute */
function combinedScore(combination: Combination): Score {
  const parts = Object.keys(combination.weights).map((name) => {
    const part = SCORES.find(({ info }) => info.name === name);
    if (part) return part;
    throw new CyclopsError(
      `The model combines scores of which this version does not know ${name}. Use the version of cyclops that made it, or ` +
        "calibrate it anew with 'cyclops calibrate'.",
    );
  });
  return {
    info: COMBINED,
    needs: measurementsFor(parts),
    compute: (measured) => combine(combination, computeScores(measured, parts)),
  };
}
