import { CyclopsError } from '../../gpu/errors.ts';
import { computeScores, figuresFor, SCORES, type Score } from '../scores/list.ts';
import { type Combination, combine } from './combination.ts';
import { COMBINED } from './cross-combination.ts';
import type { Calibration } from './thresholds.ts';

/** Every score of a calibrated model, in the order of reports: those that this version computes, and their combination where it has one. */
export function scoresOf({ combination }: Pick<Calibration, 'combination'>): readonly Score[] {
  return combination ? [...SCORES, combinedScore(combination)] : SCORES;
}

/** @throws CyclopsError when it combines a score that this version does not compute */
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
    needs: figuresFor(parts),
    compute: (figures) => combine(combination, computeScores(figures, parts)),
  };
}
