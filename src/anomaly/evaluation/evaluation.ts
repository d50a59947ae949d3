import { CyclopsError } from '../../gpu/errors.ts';
import type { Calibration, ChosenThreshold, Rule } from '../calibration/calibration.ts';
import type { TradeOff } from '../calibration/trade-off.ts';
import {
  confusion,
  type Histogram,
  missRateUpperBound,
  type RocPoint,
  rocCurve,
  scoreHistogram,
} from '../metrics/classification.ts';
import { type Confusion, ratesOf } from '../metrics/confusion.ts';
import { areaUnderRoc, mostAccurate, sweepThresholds, withoutMiss } from '../metrics/sweep.ts';
import type { ScoreInfo } from '../scores/score.ts';
import { type ScoredImage, scoreColumn } from '../scores/scored-image.ts';

/*
 * One principle decides the shape of these types: a figure whose threshold or score was chosen on the images it is
 * reported on says `oracle: true`, here and in every output made from it.
 */

/** An image judged by the chosen score at its calibrated threshold. */
export interface JudgedImage extends ScoredImage {
  threshold: number;
  flagged: boolean;
  /** Null without a label. */
  verdict: 'correct' | 'missed' | 'false alarm' | null;
}

/** Figures at a threshold that was fixed before these images were scored, unless `oracle` says otherwise. */
export interface ThresholdFigures extends Confusion {
  threshold: ChosenThreshold;
  accuracy: number;
  /** Share of abnormal images flagged; null without abnormal images. */
  sensitivity: number | null;
  /** Share of normal images passed; null without normal images. */
  specificity: number | null;
  /** Upper end of the 95 % confidence interval of the miss rate; null without abnormal images, and where several show one object. */
  missRateUpperBound: number | null;
  /** True if any of the images trained or calibrated the run. */
  oracle: boolean;
}

export interface ScoreReport {
  info: ScoreInfo;
  auroc: number | null;
  /** AUROC on the images that calibrated; null for a score that the calibration has no figures for. */
  calibrationAuroc: number | null;
  bestAccuracy: { accuracy: number; threshold: ChosenThreshold; oracle: true } | null;
  zfn: { accuracy: number; specificity: number; threshold: ChosenThreshold; oracle: true } | null;
  /** At the calibrated threshold; null without labels, or for a score that the calibration has no figures for. */
  calibrated: ThresholdFigures | null;
  roc: RocPoint[] | null;
  histogram: Histogram | null;
}

/** A file that could not be scored, and why. */
export interface SkippedFile extends Pick<ScoredImage, 'file' | 'label' | 'type'> {
  reason: string;
}

export interface Evaluation {
  counts: {
    normal: number;
    abnormal: number;
    unlabelled: number;
    total: number;
    skipped: number;
    flagged: number;
    seenInTraining: number;
  };
  scores: ScoreReport[];
  /** The score that decides, chosen before these images were scored, and how many images chose. */
  chosen: {
    score: string;
    chosenOn: Calibration['chosenOn'];
    threshold: ChosenThreshold;
    counts: Calibration['counts'];
    dataHash: string | null;
    /** What other thresholds would have cost on the images that chose; null where it was not kept, and for a threshold given by hand. */
    tradeOff: TradeOff | null;
  };
  /** The score with the highest AUROC on these images: known only afterwards. Null when a class is empty. */
  best: { score: string; auroc: number; oracle: true } | null;
  images: JudgedImage[];
  skipped: SkippedFile[];
}

/**
 * Everything that can be said about scored images, given what calibration chose. Figures count labelled images only; every image is
 * flagged or passed.
 *
 * @throws CyclopsError when a score is missing or not finite, or the score that calibration chose is not among `infos`
 */
export function summarise(
  images: readonly ScoredImage[],
  infos: readonly ScoreInfo[],
  calibration: Calibration,
  skipped: readonly SkippedFile[] = [],
): Evaluation {
  const threshold = calibration.scores[calibration.chosen]?.threshold;
  if (!threshold || !infos.some((info) => info.name === calibration.chosen)) {
    throw new CyclopsError(
      `The model was calibrated to decide by the score ${calibration.chosen}, but this evaluation computes ` +
        `${infos.map((info) => info.name).join(', ')}. Evaluate with the version of cyclops that made it, or calibrate it again.`,
    );
  }
  const labelled = images.filter((image) => image.label !== null);
  const abnormal = labelled.filter((image) => image.label === 'abnormal').length;
  const scores = infos.map((info) => reportScore(info, images, calibration));
  const judged = judge(images, calibration.chosen, threshold.value);
  return {
    counts: {
      normal: labelled.length - abnormal,
      abnormal,
      unlabelled: images.length - labelled.length,
      total: images.length,
      skipped: skipped.length,
      flagged: judged.filter((image) => image.flagged).length,
      seenInTraining: images.filter((image) => image.seenInTraining).length,
    },
    scores,
    chosen: {
      score: calibration.chosen,
      chosenOn: calibration.chosenOn,
      threshold,
      counts: calibration.counts,
      dataHash: calibration.dataHash,
      tradeOff: threshold.rule === 'given' ? null : (calibration.tradeOff ?? null),
    },
    best: highestAuroc(scores),
    images: judged,
    skipped: [...skipped],
  };
}

function reportScore(info: ScoreInfo, images: readonly ScoredImage[], calibration: Calibration): ScoreReport {
  const labelled = images.filter((image) => image.label !== null);
  const allScores = scoreColumn(images, info.name);
  const column = allScores.filter((_, i) => images[i]?.label !== null);
  const abnormal = labelled.map((image) => image.label === 'abnormal');
  const fixed = calibration.scores[info.name];
  const sweep = sweepThresholds(column, abnormal);
  const best = sweep && mostAccurate(sweep);
  const zfn = sweep && withoutMiss(sweep);
  const onTest = (value: number, rule: Rule): ChosenThreshold => ({ value, rule, chosenOn: 'test' });
  return {
    info,
    auroc: sweep && areaUnderRoc(sweep),
    calibrationAuroc: fixed?.auroc ?? null,
    bestAccuracy: best && {
      accuracy: best.accuracy,
      threshold: onTest(best.threshold, 'max-accuracy'),
      oracle: true,
    },
    zfn: zfn && {
      accuracy: zfn.accuracy,
      specificity: zfn.specificity,
      threshold: onTest(zfn.threshold, 'zfn'),
      oracle: true,
    },
    calibrated:
      fixed && labelled.length > 0
        ? {
            ...figuresAt(column, abnormal, fixed.threshold),
            ...(labelled.some(({ group }) => group !== undefined) && { missRateUpperBound: null }),
            oracle: labelled.some((image) => image.seenInTraining),
          }
        : null,
    roc: sweep && rocCurve(sweep),
    histogram: scoreHistogram(column, abnormal, fixed ? [fixed.threshold.value] : []),
  };
}

function figuresAt(
  scores: readonly number[],
  abnormal: readonly boolean[],
  threshold: ChosenThreshold,
): Omit<ThresholdFigures, 'oracle'> {
  const counts = confusion(scores, abnormal, threshold.value);
  const { accuracy, recall, specificity } = ratesOf(counts);
  const positives = counts.truePositives + counts.falseNegatives;
  return {
    ...counts,
    threshold,
    accuracy,
    sensitivity: positives > 0 ? recall : null,
    specificity: positives < scores.length ? specificity : null,
    missRateUpperBound: positives > 0 ? missRateUpperBound(counts.falseNegatives, positives) : null,
  };
}

function highestAuroc(scores: readonly ScoreReport[]): Evaluation['best'] {
  let best: Evaluation['best'] = null;
  for (const { info, auroc: area } of scores) {
    if (area !== null && (!best || area > best.auroc)) best = { score: info.name, auroc: area, oracle: true };
  }
  return best;
}

function judge(images: readonly ScoredImage[], score: string, threshold: number): JudgedImage[] {
  const column = scoreColumn(images, score);
  return images.map((image, i) => {
    const flagged = isFlagged(column[i] ?? Number.NaN, threshold);
    return { ...image, threshold, flagged, verdict: verdictOf(image.label, flagged) };
  });
}

/** Whether a score says that an image is abnormal. */
export function isFlagged(score: number, threshold: number): boolean {
  return score >= threshold;
}

/** Whether it was right to flag an image, or to pass it; null without a label. */
export function verdictOf(label: ScoredImage['label'], flagged: boolean): JudgedImage['verdict'] {
  const verdict = {
    normal: flagged ? 'false alarm' : 'correct',
    abnormal: flagged ? 'correct' : 'missed',
  } as const;
  return label && verdict[label];
}

/** What the figures were made with; goes into the JSON as it is. */
interface EvaluationContext {
  device: string;
  run: string;
  data: string;
}

/** The object that `--json` prints: every figure with its threshold and how that was chosen; counts; device. */
export function evaluationJson(evaluation: Evaluation, context: EvaluationContext): object {
  return {
    ...context,
    counts: evaluation.counts,
    chosen: evaluation.chosen,
    best: evaluation.best,
    scores: Object.fromEntries(
      evaluation.scores.map(({ info, auroc: area, calibrationAuroc, bestAccuracy: best, zfn, calibrated }) => [
        info.name,
        {
          label: info.label,
          formula: info.formula,
          paper: info.paper,
          auroc: area,
          // Of the area; thresholds say it themselves.
          oracle: evaluation.counts.seenInTraining > 0,
          calibrationAuroc,
          calibrated,
          bestAccuracy: best,
          accZfn: zfn,
        },
      ]),
    ),
    skipped: evaluation.skipped,
  };
}
