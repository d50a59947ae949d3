import { countObjects } from '../../data/datasets/groups.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { auroc, bestAccuracy, bestF1, halfwayDown, thresholdAtRecall } from '../metrics/classification.ts';
import type { ScoreInfo } from '../scores/score.ts';
import { type ScoredImage, scoreColumn } from '../scores/scored-image.ts';
import { chooseBaseline } from './baseline.ts';
import { CALIBRATION_SOURCES, type Calibration, type Choice, type Rule, recallIn } from './calibration.ts';
import { COMBINED, crossCombination } from './cross-combination.ts';
import { chooseScore } from './score-choice.ts';
import { tradeOff } from './trade-off.ts';

/**
 * Chooses a threshold for each score by the rule, and the score that decides as {@link chooseScore} does. A combination of all
 * scores is one more of them, where there are enough images to fit it.
 *
 * @param aupro of maps on these images; null where it is not known @throws CyclopsError if either class is empty
 */
export function chooseThresholds(
  images: readonly ScoredImage[],
  infos: readonly ScoreInfo[],
  choice: Choice,
  aupro: Readonly<Record<string, number>> | null = null,
): Calibration {
  const labelled = images.filter((image) => image.label !== null);
  const abnormal = labelled.map((image) => image.label === 'abnormal');
  const abnormalCount = abnormal.filter(Boolean).length;
  const counts = { normal: labelled.length - abnormalCount, abnormal: abnormalCount };
  const { rule, chosenOn } = choice;
  const columns = new Map(infos.map(({ name }) => [name, scoreColumn(labelled, name)]));
  const combined = crossCombination(labelled, columns);
  if (combined) columns.set(COMBINED.name, combined.outOfFold);
  const scores: Calibration['scores'] = {};
  for (const [name, column] of columns) {
    const area = auroc(column, abnormal);
    const value = thresholdBy(rule, column, abnormal);
    if (area === null || value === null) {
      throw new CyclopsError(
        `Choosing a threshold needs normal and abnormal images; ${CALIBRATION_SOURCES[chosenOn].images} has ${counts.normal} normal and ` +
          `${counts.abnormal} abnormal ones. Add images to the empty class.`,
      );
    }
    scores[name] = { auroc: area, threshold: { value, rule, chosenOn } };
  }
  const areas = new Map(Object.entries(scores).map(([name, { auroc: area }]) => [name, area]));
  const chosen = chooseScore(areas, counts, aupro);
  if (chosen === null) throw new RangeError('Choosing a threshold needs at least one score.');
  const decisive = columns.get(chosen) ?? [];
  return {
    ...choice,
    chosen,
    counts,
    objects: countObjects(labelled),
    scores,
    combination: combined?.combination ?? null,
    tradeOff: tradeOff(decisive, abnormal, scores[chosen]?.threshold.value ?? Number.NaN),
    baseline: chooseBaseline(labelled),
  };
}

function thresholdBy(rule: Rule, scores: readonly number[], abnormal: readonly boolean[]): number | null {
  const best = bestScore(rule, scores, abnormal);
  return best === null ? null : halfwayDown(scores, best);
}

/** Of all scores, the best one as a threshold. */
function bestScore(rule: Rule, scores: readonly number[], abnormal: readonly boolean[]): number | null {
  if (rule === 'zfn') return thresholdAtRecall(scores, abnormal, 1);
  if (rule === 'max-f1') return bestF1(scores, abnormal)?.threshold ?? null;
  if (rule === 'max-accuracy') return bestAccuracy(scores, abnormal)?.threshold ?? null;
  return thresholdAtRecall(scores, abnormal, recallIn(rule));
}
