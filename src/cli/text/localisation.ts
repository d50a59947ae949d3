import { CALIBRATION_SOURCES } from '../../anomaly/calibration/calibration.ts';
import { type HeatmapReport, HOT_NORMALS_WARNING } from '../../anomaly/evaluation/heatmap-report.ts';
import type { PairReport } from '../../anomaly/evaluation/pairs.ts';
import type { PixelReport } from '../../anomaly/evaluation/pixel-evaluation.ts';
import { AUPRO_FPR, type PixelF1 } from '../../anomaly/metrics/pixel-metrics.ts';
import type { EvaluatedRun } from '../../workflow/runs/evaluate-run.ts';

/** What an evaluation says of the places of defects: a line each for heat maps, pixels and pairs, where there are any, and a warning. */
export function localisationLines({
  heatmap,
  pixels,
  pairs,
}: Pick<EvaluatedRun, 'heatmap' | 'pixels' | 'pairs'>): string[] {
  return [
    heatmapLine(heatmap),
    ...(pixels ? [pixelLine(pixels)] : []),
    ...(pairs ? [pairLine(pairs)] : []),
    ...(heatmap.unlikely ? [`warning: ${HOT_NORMALS_WARNING}`] : []),
  ];
}

function heatmapLine(report: HeatmapReport): string {
  const { map, threshold, images, chosenOn, normal, abnormal, expectedShare, oracle } = report;
  return (
    `heat maps of ${map}: a pixel above ${Number(threshold.toPrecision(3))} is hot; ${normal.hot} of ${normal.total} normal and ${abnormal.hot} of ` +
    `${abnormal.total} abnormal images have one (${oracle ? 'oracle; ' : ''}of normal images like the ${images} of ${CALIBRATION_SOURCES[chosenOn].images}, ` +
    `${(100 * expectedShare).toFixed(1)} % at most are expected to).`
  );
}

function pixelLine({ images, withoutMask, emptyMasks, figures }: PixelReport): string {
  const counts = `${images.normal} normal and ${images.abnormal} masked images`;
  const left = [
    ...(withoutMask > 0 ? [`${withoutMask} abnormal ones without a mask left out`] : []),
    ...(emptyMasks > 0 ? [`${emptyMasks} masks mark nothing at this size`] : []),
  ].map((text) => `, ${text}`);
  if (!figures) return `pixels: nothing to tell apart in ${counts}${left.join('')}.`;
  const { auroc, aupro, best, calibrated, regions } = figures;
  const areas = figures.oracle ? ', oracle' : '';
  const oracle = calibrated.oracle ? ' (oracle)' : '';
  return (
    `pixels: AUROC ${auroc.toFixed(3)}, AUPRO ${aupro.toFixed(3)} (${regions} regions, FPR ≤ ${AUPRO_FPR}${areas}); hot pixels: ${f1Text(calibrated)}${oracle}; ` +
    `best F1 ${best.f1.toFixed(3)} (oracle); of ${counts}${left.join('')}.`
  );
}

function f1Text({ f1, precision, recall }: PixelF1): string {
  return `F1 ${f1.toFixed(3)}, precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`;
}

function pairLine({ images, translated, untouched }: PairReport): string {
  const text = ({ mae, ssim }: PairReport['translated']) => `MAE ${mae.toFixed(4)}, SSIM ${ssim.toFixed(3)}`;
  return (
    `pairs: G_a2n(x) against the template without the defect: ${text(translated)}; x itself: ${text(untouched)} ` +
    `(means over ${images} images).`
  );
}
