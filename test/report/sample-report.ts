import { PNG } from 'pngjs';
import { assess } from '../../src/anomaly/assessment.ts';
import { summarise } from '../../src/anomaly/evaluation.ts';
import { type HidingMeasurement, summariseHiding } from '../../src/anomaly/steganography.ts';
import type { Calibration, Label, ScoredImage, ScoreInfo } from '../../src/anomaly/thresholds.ts';
import { lossCurves } from '../../src/report/loss-curves.ts';
import { FORMAT, type Pictures, type Report, type ReportPictures } from '../../src/report/report.ts';

/** What must never become markup. */
export const HOSTILE = '</script><img src=x onerror=alert(1)>"\'&.png';

export function image(file: string, label: Label | null, sse: number, dn: number): ScoredImage {
  return { file, label, scores: { sse, dn } };
}

/** A report on these images, with hostile text wherever text comes from elsewhere. */
export function sampleReport(images: ScoredImage[], infos: ScoreInfo[], calibration: Calibration): Report {
  const evaluation = summarise(images, infos, calibration, [{ file: HOSTILE, reason: HOSTILE }]);
  return {
    format: FORMAT,
    title: HOSTILE,
    dataset: { name: HOSTILE, trainNormal: 12, trainAbnormal: 11, leftOut: 7, attribution: HOSTILE },
    device: { name: HOSTILE, driver: HOSTILE },
    training: {
      steps: 400,
      epochs: 2,
      seconds: 61,
      configuration: { [HOSTILE]: HOSTILE, ngf: 16 },
      losses: lossCurves(
        Array.from({ length: 400 }, (_, step) => ({
          step,
          losses: { [HOSTILE]: 1 / (1 + step), G_A: Math.sin(step), never: Number.NaN },
        })),
      ),
    },
    versions: { [HOSTILE]: HOSTILE },
    command: `cyclops evaluate ${HOSTILE}`,
    created: HOSTILE,
    evaluation,
    assessment: assess(evaluation),
    steganography: summariseHiding([hiding('normal', 1, 0.3), hiding('abnormal', 3, 0.002)]),
    baseline: {
      ...{ statistic: 'sd', label: HOSTILE, abnormalHas: 'less', chosenOn: 'calibration', calibrationAuroc: 0.7 },
      ...{ auroc: 0.6789, scoreAuroc: 0.333, beaten: false },
    },
    heatmap: {
      ...{ threshold: 0.2, images: 19, chosenOn: 'calibration', max: 0.6, formula: HOSTILE, expectedHotShare: 0.05 },
      ...{ normal: { hot: 4, total: 17 }, abnormal: { hot: 14, total: 15 } },
    },
    pixels: {
      ...{ images: { normal: 17, abnormal: 13 }, withoutMask: 2, emptyMasks: 1 },
      figures: {
        ...{ auroc: 0.8765, aupro: 0.5432, regions: 21, pixels: { normal: 900, abnormal: 77 } },
        best: { threshold: 0.3, f1: 0.4444, precision: 0.5111, recall: 0.3939, oracle: true },
        calibrated: { threshold: 0.2, f1: 0.3333, precision: 0.2222, recall: 0.6666, oracle: false },
      },
    },
    pairs: { images: 11, translated: { mae: 0.0123, ssim: 0.9123 }, untouched: { mae: 0.0234, ssim: 0.8234 } },
  };
}

/** The generator changes the image by `change`, and as much inside the mask as outside. */
function hiding(label: Label, score: number, change: number): HidingMeasurement {
  return {
    label,
    scores: { sse: score, dn: -score },
    quantised: { sse: score + 0.01, dn: -score },
    noisy: { sse: score + 0.02, dn: 0.1 - score },
    change,
    removed: label === 'abnormal' ? { inside: 0.25, outside: 0.25 } : null,
  };
}

/** Pictures for each of the images, no two of the same colour; abnormal ones have a mask. */
export function samplePictures(images: readonly ScoredImage[]): ReportPictures {
  let colour = 0;
  const picture = (): Buffer => {
    const png = new PNG({ width: 3, height: 2 });
    png.data.writeUInt32BE(++colour);
    return PNG.sync.write(png);
  };
  const picturesOf = (label: Label | null): Pictures => ({
    ...{ input: picture(), reconstruction: picture(), heatmap: picture() },
    ...(label === 'abnormal' && { mask: picture() }),
  });
  return new Map(images.map(({ file, label }) => [file, picturesOf(label)]));
}
