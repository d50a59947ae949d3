import type { ChosenThreshold } from '../calibration/calibration.ts';
import { percentileInterval, resamples, resamplingUnits } from '../metrics/bootstrap.ts';
import { ratesOf } from '../metrics/confusion.ts';
import { type PrecisionRecallPoint, precisionRecallCurve } from '../metrics/precision-recall.ts';
import {
  areaUnderRoc,
  averagePrecision,
  confusionAt,
  mostAccurate,
  type Ranking,
  rank,
  type Sweep,
  sweepRanking,
  withoutMiss,
} from '../metrics/sweep.ts';
import { scoreColumn } from '../scores/scored-image.ts';
import type { Evaluation, ScoreReport } from './evaluation.ts';
import { recallByType, type TypeRecall } from './type-recall.ts';

/** A figure with the ends of its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** What a threshold does. */
export interface OperatingPoint {
  threshold: ChosenThreshold;
  missed: number;
  falseAlarms: number;
  accuracy: Estimate;
  /** Share of abnormal images flagged. */
  recall: Estimate;
  /** Share of normal images passed. */
  specificity: Estimate;
  /** True if the threshold was chosen on these images, or any of them trained or calibrated the run. */
  oracle: boolean;
}

export interface ScoreAssessment {
  auroc: Estimate;
  averagePrecision: Estimate;
  precisionRecall: PrecisionRecallPoint[];
  /** Null for a score that the calibration has no threshold for. */
  calibrated: OperatingPoint | null;
  /** In the resamples behind the intervals of these two, the threshold is chosen anew. */
  bestAccuracy: OperatingPoint | null;
  zfn: OperatingPoint | null;
  /** For area, precision and curve: true if any of the images trained or calibrated the run. */
  oracle: boolean;
}

/** How sure the figures of an evaluation are, and which defects are found. */
export interface Assessment {
  bootstrap: {
    method: string;
    level: number;
    resamples: number;
    seed: number;
    /** How many units of each class are drawn: images, or groups where they have groups. */
    units: { normal: number; abnormal: number };
    grouped: boolean;
  };
  /** By name; empty unless there are images of both classes. */
  scores: Record<string, ScoreAssessment>;
  types: TypeRecall[];
}

const METHOD = 'stratified percentile bootstrap: units are drawn with replacement within each class';
const LEVEL = 0.95;
const RESAMPLES = 2000;
const SEED = 1;

/** Only labelled images count, and thresholds are those of the evaluation. The same evaluation gives the same bits. */
export function assess(evaluation: Evaluation): Assessment {
  const images = evaluation.images.flatMap(({ label, ...image }) => (label ? [{ label, ...image }] : []));
  const abnormal = images.map(({ label }) => label === 'abnormal');
  const units = resamplingUnits(images);
  const seen = images.some(({ seenInTraining }) => seenInTraining);
  const candidates = evaluation.scores.flatMap((score): Candidate[] => {
    const column = scoreColumn(images, score.info.name);
    const ranking = rank(column, abnormal);
    const sweep = sweepRanking(ranking);
    return sweep
      ? [{ score, ranking, precisionRecall: precisionRecallCurve(sweep), whole: figuresOf(sweep, score), drawn: [] }]
      : [];
  });
  for (const weights of resamples(units, candidates.length > 0 ? RESAMPLES : 0, SEED)) {
    for (const { score, ranking, drawn } of candidates) {
      const sweep = sweepRanking(ranking, weights);
      if (sweep) drawn.push(figuresOf(sweep, score));
    }
  }
  return {
    bootstrap: {
      ...{ method: METHOD, level: LEVEL, resamples: RESAMPLES, seed: SEED },
      units: { normal: units.normal.length, abnormal: units.abnormal.length },
      grouped: images.some(({ group }) => group !== undefined),
    },
    scores: Object.fromEntries(
      candidates.map((candidate) => [candidate.score.info.name, assessScore(candidate, seen)]),
    ),
    types: recallByType(evaluation.images),
  };
}

interface Candidate {
  score: ScoreReport;
  ranking: Ranking;
  precisionRecall: PrecisionRecallPoint[];
  whole: SweepFigures;
  /** The same of each resample. */
  drawn: SweepFigures[];
}

type SweepFigures = ReturnType<typeof figuresOf>;

function figuresOf(sweep: Sweep, { calibrated }: ScoreReport) {
  return {
    auroc: areaUnderRoc(sweep),
    averagePrecision: averagePrecision(sweep),
    calibrated: calibrated && ratesAt(sweep, calibrated.threshold.value),
    bestAccuracy: ratesAt(sweep, mostAccurate(sweep).threshold),
    zfn: ratesAt(sweep, withoutMiss(sweep).threshold),
  };
}

function ratesAt(sweep: Sweep, threshold: number) {
  const counts = confusionAt(sweep, threshold);
  return { missed: counts.falseNegatives, falseAlarms: counts.falsePositives, ...ratesOf(counts) };
}

function assessScore({ score, whole, drawn, precisionRecall }: Candidate, seen: boolean): ScoreAssessment {
  const { calibrated, bestAccuracy, zfn } = score;
  const point = (
    chosen: { threshold: ChosenThreshold; oracle: boolean } | null,
    ratesOf: (figures: SweepFigures) => ReturnType<typeof ratesAt> | null,
  ): OperatingPoint | null => {
    const own = ratesOf(whole);
    if (!chosen || !own) return null;
    const others = drawn.flatMap((figures) => ratesOf(figures) ?? []);
    return {
      threshold: chosen.threshold,
      missed: own.missed,
      falseAlarms: own.falseAlarms,
      accuracy: estimate(own, others, ({ accuracy }) => accuracy),
      recall: estimate(own, others, ({ recall }) => recall),
      specificity: estimate(own, others, ({ specificity }) => specificity),
      oracle: chosen.oracle,
    };
  };
  return {
    auroc: estimate(whole, drawn, ({ auroc }) => auroc),
    averagePrecision: estimate(whole, drawn, (figures) => figures.averagePrecision),
    precisionRecall,
    calibrated: point(calibrated, (figures) => figures.calibrated),
    bestAccuracy: point(bestAccuracy, (figures) => figures.bestAccuracy),
    zfn: point(zfn, (figures) => figures.zfn),
    oracle: seen,
  };
}

function estimate<T>(whole: T, drawn: readonly T[], figure: (of: T) => number): Estimate {
  return { value: figure(whole), ...percentileInterval(drawn.map(figure), LEVEL) };
}
