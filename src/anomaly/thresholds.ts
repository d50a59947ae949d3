import { CyclopsError } from '../gpu/errors.ts';
import { auroc, zeroFalseNegative } from './metrics.ts';

/** An image score: what it is called, how it is computed, and whether it is the one the paper uses. */
export interface ScoreInfo {
  /** Key in files and options, such as `sse`. */
  name: string;
  /** For people, such as `squared error`. */
  label: string;
  formula: string;
  paper: boolean;
}

export type Label = 'normal' | 'abnormal';

/** An image with its scores; label null where nobody said what it is. */
export interface ScoredImage {
  file: string;
  label: Label | null;
  /** The kind of defect, where the data set names it. */
  type?: string;
  scores: Record<string, number>;
  /** True if this very image trained the networks or set the thresholds; its figures are then no test. */
  seenInTraining?: boolean;
}

/** A threshold with its history: by which rule, and on which images. Flagged is score ≥ value. */
export interface ChosenThreshold {
  value: number;
  /** zfn: the smallest score of an abnormal image. max-accuracy: the best accuracy of all scores as thresholds. */
  rule: 'zfn' | 'max-accuracy';
  chosenOn: 'train' | 'test';
}

/** What the end of training fixes and stores with the model: the score that decides, and a threshold for each score. */
export interface TrainedThresholds {
  /** Name of the score with the highest AUROC on the training part; it decides which images are flagged. */
  chosen: string;
  counts: { normal: number; abnormal: number };
  scores: Record<string, { auroc: number; threshold: ChosenThreshold }>;
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
 * Chooses on the training part: for each score the zero-false-negative threshold, and the score with the highest
 * AUROC (the first of equals). The networks saw these images, so the threshold need not hold on new ones; that is
 * for the evaluation to show. CyclopsError if either class is empty.
 */
export function chooseThresholds(images: readonly ScoredImage[], infos: readonly ScoreInfo[]): TrainedThresholds {
  const labelled = images.filter((image) => image.label !== null);
  const abnormal = labelled.map((image) => image.label === 'abnormal');
  const abnormalCount = abnormal.filter(Boolean).length;
  const counts = { normal: labelled.length - abnormalCount, abnormal: abnormalCount };
  const scores: TrainedThresholds['scores'] = {};
  let chosen: { name: string; auroc: number } | undefined;
  for (const { name } of infos) {
    const column = scoreColumn(labelled, name);
    const area = auroc(column, abnormal);
    const zfn = zeroFalseNegative(column, abnormal);
    if (area === null || zfn === null) {
      throw new CyclopsError(
        `Choosing a threshold needs normal and abnormal training images; there are ${counts.normal} normal and ` +
          `${counts.abnormal} abnormal ones. Add images to the empty class.`,
      );
    }
    scores[name] = { auroc: area, threshold: { value: zfn.threshold, rule: 'zfn', chosenOn: 'train' } };
    if (!chosen || area > chosen.auroc) chosen = { name, auroc: area };
  }
  if (!chosen) throw new RangeError('Choosing a threshold needs at least one score.');
  return { chosen: chosen.name, counts, scores };
}

/** Reads back thresholds stored as JSON; `source` is the file named in the CyclopsError if they are not usable. */
export function parseTrainedThresholds(json: unknown, source: string): TrainedThresholds {
  const fail = (what: string): never => {
    throw new CyclopsError(
      `${source} does not hold the thresholds of a trained model: ${what}. ` +
        'Restore the file from the run, or finish the training again to write a new one.',
    );
  };
  const object = (value: unknown, path: string): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : fail(`${path} should be an object`);
  const number = (value: unknown, path: string): number =>
    typeof value === 'number' && Number.isFinite(value) ? value : fail(`${path} should be a number`);

  const root = object(json, 'the content');
  const counts = object(root.counts, 'counts');
  const scores: TrainedThresholds['scores'] = {};
  for (const [name, entry] of Object.entries(object(root.scores, 'scores'))) {
    const score = object(entry, `scores.${name}`);
    const threshold = object(score.threshold, `scores.${name}.threshold`);
    if (threshold.rule !== 'zfn' || threshold.chosenOn !== 'train') {
      fail(`scores.${name}.threshold should have rule "zfn" and chosenOn "train"`);
    }
    scores[name] = {
      auroc: number(score.auroc, `scores.${name}.auroc`),
      threshold: {
        value: number(threshold.value, `scores.${name}.threshold.value`),
        rule: 'zfn',
        chosenOn: 'train',
      },
    };
  }
  const chosen = root.chosen;
  if (typeof chosen !== 'string' || !Object.hasOwn(scores, chosen)) return fail('chosen should name one of its scores');
  return {
    chosen,
    counts: {
      normal: number(counts.normal, 'counts.normal'),
      abnormal: number(counts.abnormal, 'counts.abnormal'),
    },
    scores,
  };
}
