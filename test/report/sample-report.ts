import type { Calibration } from '../../src/anomaly/calibration/calibration.ts';
import { assess } from '../../src/anomaly/evaluation/assessment.ts';
import { summarise } from '../../src/anomaly/evaluation/evaluation.ts';
import { type HidingMeasurement, summariseHiding } from '../../src/anomaly/evaluation/steganography.ts';
import type { ScoreInfo } from '../../src/anomaly/scores/score.ts';
import type { ScoredImage } from '../../src/anomaly/scores/scored-image.ts';
import type { Label } from '../../src/data/datasets/dataset.ts';
import { encodePng } from '../../src/data/images/png.ts';
import { renderReport } from '../../src/report/page.ts';
import type { PicturesReport } from '../../src/report/parts/kept-pictures.ts';
import { lossCurves } from '../../src/report/parts/loss-curves.ts';
import type { Picture, Pictures, ReportPictures } from '../../src/report/parts/pictures.ts';
import { FORMAT, type Report } from '../../src/report/parts/report.ts';

/** What must never become markup. */
export const HOSTILE = '</script><img src=x onerror=alert(1)>"\'&.png';

export function image(file: string, label: Label | null, sse: number, dn: number): ScoredImage {
  return { file, label, scores: { sse, dn } };
}

/** A report on these images, with hostile text wherever text comes from elsewhere. */
export function sampleReport(images: ScoredImage[], infos: ScoreInfo[], calibration: Calibration): Report {
  const evaluation = summarise(images, infos, calibration, [{ file: HOSTILE, label: null, reason: HOSTILE }]);
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
    learned: { normalChange: 0.3, discriminators: { dn: 0.875, da_dn: 0.75 }, warnings: [] },
    baseline: {
      ...{
        statistic: 'gradient',
        label: HOSTILE,
        abnormalHas: 'more',
        chosenOn: 'calibration',
        calibrationAuroc: 0.71,
      },
      ...{ auroc: 0.625, scoreAuroc: 0.5, beaten: false, oracle: false },
    },
    heatmap: {
      ...{ map: 'residual5', label: HOSTILE, formula: HOSTILE, coldShare: 0.95, aupro: null, others: {} },
      ...{ threshold: 0.2, floor: 0, images: 12, chosenOn: 'calibration', max: 0.6 },
      ...{ normal: { hot: 1, total: 5 }, abnormal: { hot: 3, total: 4 } },
      ...{ expectedShare: 0.077, chance: 0.0043, unlikely: true, oracle: false },
    },
    pixels: {
      images: { normal: 5, abnormal: 3 },
      ...{ withoutMask: 1, emptyMasks: 2 },
      figures: {
        ...{ auroc: 0.812, aupro: 0.437, regions: 6, oracle: false, pixels: { normal: 7000, abnormal: 1192 } },
        calibrated: { threshold: 0.2, f1: 0.321, precision: 0.25, recall: 0.45, oracle: false },
        best: { threshold: 0.31, f1: 0.482, precision: 0.4, recall: 0.606, oracle: true },
      },
    },
    pairs: { images: 2, translated: { mae: 0.0312, ssim: 0.913 }, untouched: { mae: 0.0408, ssim: 0.887 } },
    pictures: picturesReport(images.length),
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

/** All of so many images have pictures. */
export function picturesReport(images: number): PicturesReport {
  const none = { missed: 0, falseAlarms: 0, others: 0 };
  return { budget: 30e6, bytes: 1234, kept: { ...none, others: images }, leftOut: none };
}

/** Pictures for each of the images, no two of the same colour; abnormal ones have a mask. */
export function samplePictures(images: readonly ScoredImage[]): ReportPictures {
  let colour = 0;
  const [width, height] = [3, 2];
  const pixels = () => {
    colour += 1;
    return Uint8Array.from({ length: width * height * 3 }, (_, i) => (i % 3 === 0 ? colour % 256 : colour >> 8));
  };
  const picture = (): Picture => ({
    type: 'image/png',
    width,
    height,
    bytes: encodePng(width, height, 3, pixels()),
  });
  const picturesOf = (label: Label | null): Pictures => ({
    ...{ input: picture(), reconstruction: picture(), heatmap: picture() },
    ...(label === 'abnormal' && { mask: picture() }),
  });
  return new Map(images.map(({ file, label }) => [file, picturesOf(label)]));
}

/** The page as one text. */
export function pageText(report: Report, pictures: ReportPictures): string {
  return [...renderReport(report, pictures)].join('');
}
