import { CyclopsError } from '../gpu/errors.ts';
import { auroc, bestAccuracy, bestF1, thresholdAtRecall } from './metrics.ts';

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
  /** Images of one group show one object; absent where nobody said. */
  group?: string;
  scores: Record<string, number>;
  /** True if this very image trained the networks or set the thresholds; its figures are then no test. */
  seenInTraining?: boolean;
}

/**
 * How a threshold is chosen. zfn (zero false negatives): the smallest score of an abnormal image. recall=r: the highest
 * threshold that flags at least that share of them. max-f1, max-accuracy: the best of all scores as thresholds.
 */
export type Rule = 'zfn' | 'max-f1' | 'max-accuracy' | `recall=${number}`;

/** A threshold with its history: by which rule and on which images, or given by the user. Flagged is score ≥ value. */
export type ChosenThreshold =
  | { value: number; rule: Rule; chosenOn: 'train' | 'calibration' | 'test' }
  | { value: number; rule: 'given'; chosenOn: 'user' };

/** Which images chose, and how. */
export interface Choice {
  rule: Rule;
  /** `train` for a run without a calibration part: its networks saw these images, so the threshold need not hold on others. */
  chosenOn: 'train' | 'calibration';
  /** Hash of the images of the run; null in runs from before it was kept. */
  dataHash: string | null;
}

/** What calibration fixes and stores with the model: the score that decides, and a threshold for each score. */
export interface Calibration extends Choice {
  /** Name of the score with the highest AUROC on the images that chose; it decides which images are flagged. */
  chosen: string;
  counts: { normal: number; abnormal: number };
  scores: Record<string, { auroc: number; threshold: ChosenThreshold }>;
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
 * Chooses for each score a threshold by the rule, and the score with the highest AUROC (the first of equals).
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
  const scores: Calibration['scores'] = {};
  let chosen: { name: string; auroc: number } | undefined;
  for (const { name } of infos) {
    const column = scoreColumn(labelled, name);
    const area = auroc(column, abnormal);
    const value = thresholdBy(rule, column, abnormal);
    if (area === null || value === null) {
      throw new CyclopsError(
        `Choosing a threshold needs normal and abnormal images; the ${chosenOn} part has ${counts.normal} normal and ` +
          `${counts.abnormal} abnormal ones. Add images to the empty class.`,
      );
    }
    scores[name] = { auroc: area, threshold: { value, rule, chosenOn } };
    if (!chosen || area > chosen.auroc) chosen = { name, auroc: area };
  }
  if (!chosen) throw new RangeError('Choosing a threshold needs at least one score.');
  return { ...choice, chosen: chosen.name, counts, scores };
}

function thresholdBy(rule: Rule, scores: readonly number[], abnormal: readonly boolean[]): number | null {
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

/** Reads back a calibration stored as JSON; `source` is the file named in the CyclopsError if it is not usable. */
export function parseCalibration(json: unknown, source: string): Calibration {
  const fail = (what: string): never => {
    throw new CyclopsError(
      `${source} does not hold the calibration of a trained model: ${what}. ` +
        "Restore the file from the run, or write a new one with 'cyclops calibrate'.",
    );
  };
  const object = (value: unknown, path: string): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : fail(`${path} should be an object`);
  const number = (value: unknown, path: string): number =>
    typeof value === 'number' && Number.isFinite(value) ? value : fail(`${path} should be a number`);
  const threshold = (json: unknown, path: string): ChosenThreshold => {
    const { value: stored, rule, chosenOn } = object(json, path);
    const value = number(stored, `${path}.value`);
    if (rule === 'given' && chosenOn === 'user') return { value, rule, chosenOn };
    const known = parseRule(rule);
    if (known && (chosenOn === 'train' || chosenOn === 'calibration')) return { value, rule: known, chosenOn };
    return fail(`${path} should have a rule (${RULES}) and chosenOn "train" or "calibration", or be given by the user`);
  };

  const root = object(json, 'the content');
  const counts = object(root.counts, 'counts');
  const scores = Object.fromEntries(
    Object.entries(object(root.scores, 'scores')).map(([name, entry]) => {
      const score = object(entry, `scores.${name}`);
      return [
        name,
        {
          auroc: number(score.auroc, `scores.${name}.auroc`),
          threshold: threshold(score.threshold, `scores.${name}.threshold`),
        },
      ];
    }),
  );
  const { chosen, chosenOn = 'train', dataHash = null } = root;
  if (typeof chosen !== 'string' || !Object.hasOwn(scores, chosen)) return fail('chosen should name one of its scores');
  if (chosenOn !== 'train' && chosenOn !== 'calibration') return fail('chosenOn should be "train" or "calibration"');
  if (dataHash !== null && typeof dataHash !== 'string') return fail('dataHash should be a text');
  return {
    // What a run from before there was a choice has not written, it had no choice about.
    rule: parseRule(root.rule ?? 'zfn') ?? fail(`rule should be one of ${RULES}`),
    chosenOn,
    dataHash,
    chosen,
    counts: {
      normal: number(counts.normal, 'counts.normal'),
      abnormal: number(counts.abnormal, 'counts.abnormal'),
    },
    scores,
  };
}
