import { CyclopsError } from '../../gpu/errors.ts';
import type { Baseline } from './baseline.ts';
import type { Combination } from './combination.ts';
import type { HeatmapCalibration } from './heatmap-scale.ts';

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
export const CALIBRATION_SOURCES = {
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
  chosenOn: keyof typeof CALIBRATION_SOURCES;
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
  /** The median share of a normal image among those that chose that G_a2n changes; absent in runs from before it was measured. */
  normalChange?: number;
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

/** @param source what the calibration was read from @throws CyclopsError for one from before heat maps were calibrated */
export function requireHeatmap({ heatmap }: Calibration, source: string): HeatmapCalibration {
  if (heatmap) return heatmap;
  throw new CyclopsError(
    `${source} is from before heat maps were calibrated on normal images. Run 'cyclops calibrate' on the run once.`,
  );
}
