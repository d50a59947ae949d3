import type { Label } from '../../data/datasets/dataset.ts';
import { countObjects } from '../../data/datasets/groups.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { auroc, bestAccuracy, bestF1, halfwayDown, thresholdAtRecall } from '../metrics/classification.ts';
import { type Baseline, chooseBaseline } from './baseline.ts';
import type { Combination } from './combination.ts';
import { COMBINED, crossCombination } from './cross-combination.ts';
import type { HeatmapCalibration } from './heatmap-scale.ts';
import type { ImageStatistics } from './image-statistics.ts';

/** An image score: what it is called, how it is computed, and whether it is the one the paper uses. */
export interface ScoreInfo {
  /** Key in files and options, such as `sse`. */
  name: string;
  /** For people, such as `squared error`. */
  label: string;
  formula: string;
  paper: boolean;
}

export type { Label };

/** An image with its scores; label null where nobody said what it is. */
export interface ScoredImage {
  file: string;
  label: Label | null;
  /** The kind of defect, where the data set names it. */
  type?: string;
  /** Images of one group show one object; absent where nobody said. */
  group?: string;
  scores: Record<string, number>;
  /** Where they were asked for. */
  statistics?: ImageStatistics;
  /** True if this very image trained the networks or set the thresholds; its figures are then no test. */
  seenInTraining?: boolean;
}

/**
 * How a threshold is chosen. zfn (zero false negatives): the highest that misses no abnormal image. recall=r: the highest
 * that flags at least that share of them. max-f1, max-accuracy: the best of all. Each lies halfway between two scores.
 */
export type Rule = 'zfn' | 'max-f1' | 'max-accuracy' | `recall=${number}`;

/** A threshold with its history: by which rule and on which images, or given by the user. Flagged is score ≥ value. */
export type ChosenThreshold =
  | { value: number; rule: Rule; chosenOn: Choice['chosenOn'] | 'test' }
  | { value: number; rule: 'given'; chosenOn: 'user' };

/** Which images may choose, and what that leaves open, for people. */
export const CHOOSERS = {
  /** Of a run that has nothing else. */
  train: {
    images: 'the training part',
    caveat: 'The networks were trained on these images, so the threshold need not hold on new ones.',
  },
  calibration: { images: 'the calibration part', caveat: null },
  folds: {
    images: 'the training part by cross-calibration',
    caveat:
      'Each of these images was scored by networks that were trained without it. New ones are scored by networks of the same recipe, ' +
      'trained on all: for them the threshold, and what zero misses promise, hold only about.',
  },
} as const;

/** Which images chose, and how. */
export interface Choice {
  rule: Rule;
  chosenOn: keyof typeof CHOOSERS;
  /** Hash of the images of the run; null in runs from before it was kept. */
  dataHash: string | null;
}

/** What calibration fixes and stores with the model: the score that decides, and a threshold for each score. */
export interface Calibration extends Choice {
  /** Name of the score with the highest AUROC on the images that chose; it decides which images are flagged. */
  chosen: string;
  counts: { normal: number; abnormal: number };
  /** How many objects these images show. */
  objects: { normal: number; abnormal: number };
  scores: Record<string, { auroc: number; threshold: ChosenThreshold }>;
  /** Of the scores above, as one more of them; its AUROC and threshold are of images that it was not fitted on. Null where there is none. */
  combination: Combination | null;
  /** What tells the images apart without a network; null in calibrations from before it was looked for. */
  baseline: Baseline | null;
  /** Absent in runs from before heat maps were calibrated on normal images. */
  heatmap?: HeatmapCalibration;
}

const NAMED_RULES = ['zfn', 'max-f1', 'max-accuracy'] as const;

/** What users may write, for messages. */
export const RULES = [...NAMED_RULES, 'recall=0.99'].join(', ');

/** The rule that a text names; undefined for none. */
export function parseRule(text: unknown): Rule | undefined {
  const named = NAMED_RULES.find((rule) => rule === text);
  if (named || typeof text !== 'string' || !text.startsWith('recall=')) return named;
  const recall = Number(text.slice('recall='.length) || Number.NaN);
  return recall > 0 && recall <= 1 ? `recall=${recall}` : undefined;
}

/** The scores called `name`, in the order of the images. CyclopsError if one is missing or not finite. */
export function scoreColumn(images: readonly ScoredImage[], name: string): number[] {
  return images.map((image) => {
    const score = image.scores[name];
    if (score !== undefined && Number.isFinite(score)) return score;
    throw new CyclopsError(
      `Score ${name} of ${image.file} is ${score ?? 'missing'}; expected a finite number. ` +
        'NaN or Infinity comes from weights that diverged: use an earlier checkpoint, or train with a lower learning rate.',
    );
  });
}

/**
 * Chooses for each score a threshold by the rule, and the score with the highest AUROC (the first of equals). Among them is
 * a combination of the others where enough images allow one.
 * CyclopsError if either class is empty.
 */
export function chooseThresholds(
  images: readonly ScoredImage[],
  infos: readonly ScoreInfo[],
  choice: Choice,
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
  let chosen: { name: string; auroc: number } | undefined;
  for (const [name, column] of columns) {
    const area = auroc(column, abnormal);
    const value = thresholdBy(rule, column, abnormal);
    if (area === null || value === null) {
      throw new CyclopsError(
        `Choosing a threshold needs normal and abnormal images; ${CHOOSERS[chosenOn].images} has ${counts.normal} normal and ` +
          `${counts.abnormal} abnormal ones. Add images to the empty class.`,
      );
    }
    scores[name] = { auroc: area, threshold: { value, rule, chosenOn } };
    if (!chosen || area > chosen.auroc) chosen = { name, auroc: area };
  }
  if (!chosen) throw new RangeError('Choosing a threshold needs at least one score.');
  return {
    ...choice,
    chosen: chosen.name,
    counts,
    objects: countObjects(labelled),
    scores,
    combination: combined?.combination ?? null,
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
  return thresholdAtRecall(scores, abnormal, Number(rule.slice('recall='.length)));
}

/** The same calibration with the user's threshold for the score that decides. */
export function withThreshold(calibration: Calibration, value: number | undefined): Calibration {
  const { chosen, scores } = calibration;
  const decisive = scores[chosen];
  if (value === undefined || !decisive) return calibration;
  return {
    ...calibration,
    scores: { ...scores, [chosen]: { ...decisive, threshold: { value, rule: 'given', chosenOn: 'user' } } },
  };
}
