/** A data set of the bench, the options of its training, and what the project wants to reach. */
export interface BenchSet {
  name: string;
  options: string;
  auroc: number;
  /** Null for a set without masks. */
  aupro: number | null;
}

/** What matters of a training with one seed, judged on the test part. `oracle` says what was chosen on the images it speaks of. */
export interface Outcome {
  set: string;
  seed: number;
  /** Of the training; null where another command trained the run. */
  options: string | null;
  device: string;
  /** Of the score that decides, which calibration chose, with its AUROC there. */
  score: { name: string; auroc: number; chosenOn: string; calibrationAuroc: number | null };
  /** At the threshold without misses in calibration. */
  zfn: { missed: number; abnormal: number; falseAlarms: number; normal: number };
  /** Null without masks; `hotF1` at the calibrated threshold. */
  pixels: { auroc: number; aupro: number; hotF1: number; bestF1: { value: number; oracle: true } } | null;
  /** Normal images with a hot pixel, and the share that calibration promised at most. */
  hotNormal: { hot: number; total: number; promised: number } | null;
  statistic: { name: string; auroc: number | null } | null;
  /** The AUROC of the paper's score. */
  sse: number | null;
  best: { score: string; auroc: number; oracle: true };
  steps: number;
  /** Of training, with that of the networks of folds. */
  seconds: number;
  foldSeconds: number;
}

/** The part of what `cyclops evaluate --json` prints that an outcome is made of. */
export interface EvaluationJson {
  device: string;
  chosen: { score: string; chosenOn: string };
  best: { score: string; auroc: number; oracle: true } | null;
  scores: Record<
    string,
    {
      auroc: number | null;
      calibrationAuroc: number | null;
      calibrated: {
        truePositives: number;
        falseNegatives: number;
        falsePositives: number;
        trueNegatives: number;
      } | null;
    }
  >;
  baseline: { label: string; auroc: number | null } | null;
  heatmap: { normal: { hot: number; total: number }; expectedShare: number } | null;
  pixels: { figures: { auroc: number; aupro: number; best: { f1: number }; calibrated: { f1: number } } | null } | null;
}

/** @throws Error when the evaluation has no figures, as that of a test part with one class */
export function outcomeOf(
  run: Pick<Outcome, 'set' | 'seed' | 'options' | 'steps' | 'seconds' | 'foldSeconds'>,
  { device, chosen, best, scores, baseline, heatmap, pixels }: EvaluationJson,
): Outcome {
  const deciding = scores[chosen.score];
  if (!best || !deciding?.calibrated || deciding.auroc === null) {
    throw new Error(`The test part of ${run.set} needs normal and abnormal images, and its model a calibrated score.`);
  }
  const { truePositives, falseNegatives, falsePositives, trueNegatives } = deciding.calibrated;
  const figures = pixels?.figures;
  return {
    ...run,
    device,
    score: {
      name: chosen.score,
      auroc: deciding.auroc,
      chosenOn: chosen.chosenOn,
      calibrationAuroc: deciding.calibrationAuroc,
    },
    zfn: {
      missed: falseNegatives,
      abnormal: falseNegatives + truePositives,
      falseAlarms: falsePositives,
      normal: falsePositives + trueNegatives,
    },
    pixels: figures
      ? {
          auroc: figures.auroc,
          aupro: figures.aupro,
          hotF1: figures.calibrated.f1,
          bestF1: { value: figures.best.f1, oracle: true },
        }
      : null,
    hotNormal: heatmap && { ...heatmap.normal, promised: heatmap.expectedShare },
    statistic: baseline && { name: baseline.label, auroc: baseline.auroc },
    sse: scores.sse?.auroc ?? null,
    best: { score: best.score, auroc: best.auroc, oracle: true },
  };
}

/** What torch_unet.py writes, as far as it is looked at. */
export interface UnetFigures {
  auroc: number;
  pixels: { auroc: number; aupro: number } | null;
  steps: number;
  seconds: number;
}

/** The U-Net's figures by what it learned from. */
export type UnetOutcome = Partial<Record<'masks' | 'labels', UnetFigures>>;
