import { CALIBRATION_SOURCES } from '../../anomaly/calibration/calibration.ts';
import { HOT_NORMALS_WARNING } from '../../anomaly/evaluation/heatmap-report.ts';
import type { PairReport } from '../../anomaly/evaluation/pairs.ts';
import type { PixelReport } from '../../anomaly/evaluation/pixel-evaluation.ts';
import { LABELS } from '../../data/datasets/dataset.ts';
import { formatArea, formatPercent, formatScore } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import { ORACLE_NOTE, star } from '../parts/oracle.ts';
import type { Report } from '../parts/report.ts';

/** How well heat maps show where defects are. */
export function whereSection({ heatmap, pixels, pairs }: Report): Html {
  return html`<div class="scroll" role="group" aria-label="Images with a hot pixel" tabindex="0"><table>
<caption>Images with a hot pixel, one above ${formatScore(heatmap.threshold)} in the heat map <code>${heatmap.map}</code></caption>
<thead><tr><th scope="col">Class</th><th scope="col" class="number">Images</th><th scope="col" class="number">With a hot pixel${star(heatmap.oracle)}</th></tr></thead>
<tbody>${LABELS.map(
    (label) => html`
<tr><th scope="row">${label}</th><td class="number">${heatmap[label].total}</td><td class="number strong">${heatmap[label].hot}</td></tr>`,
  )}
</tbody></table></div>
<p class="note">Of normal images like the ${heatmap.images} of ${CALIBRATION_SOURCES[heatmap.chosenOn].images}, ${formatPercent(heatmap.expectedShare)} at most are expected to have one.</p>
${heatmap.unlikely ? html`<p class="warning" role="note"><strong>Warning:</strong> ${HOT_NORMALS_WARNING}</p>` : null}
${heatmap.oracle ? ORACLE_NOTE : null}
${pixels?.figures ? pixelTable(pixels, pixels.figures) : null}
${pairs ? pairTable(pairs) : null}`;
}

function pixelTable(
  { images, withoutMask, emptyMasks }: PixelReport,
  figures: NonNullable<PixelReport['figures']>,
): Html {
  const { auroc, aupro, regions, calibrated, best } = figures;
  const leftOut = [
    ...(withoutMask > 0 ? [html` ${withoutMask} abnormal without a mask left out.`] : []),
    ...(emptyMasks > 0 ? [html` ${emptyMasks} with a mask that marks nothing at this size.`] : []),
  ];
  const row = (name: string, note: string, calibratedCell: string, bestCell: string) => html`
<tr><th scope="row">${name}<small>${note}</small></th><td class="number strong">${calibratedCell}</td><td class="number oracle">${bestCell}</td></tr>`;
  return html`<div class="scroll" role="group" aria-label="Pixels" tabindex="0"><table>
<caption>Pixels of ${images.normal} normal and ${images.abnormal} abnormal images against their masks, ${regions} regions.${leftOut}</caption>
<thead><tr><th scope="col">Figure</th><th scope="col" class="number">Hot pixels${star(calibrated.oracle)}</th><th scope="col" class="number">Oracle*: best F1</th></tr></thead>
<tbody>${row('F1', 'of precision and recall', formatArea(calibrated.f1), formatArea(best.f1))}${row('Precision', 'hot pixels inside masks', formatPercent(calibrated.precision), formatPercent(best.precision))}${row('Recall', 'pixels of masks that are hot', formatPercent(calibrated.recall), formatPercent(best.recall))}${row('Threshold', 'hot above it', formatScore(calibrated.threshold), formatScore(best.threshold))}
<tr><th scope="row">AUROC<small>of pixels</small></th><td class="number strong">${formatArea(auroc)}${star(figures.oracle)}</td><td></td></tr>
<tr><th scope="row">AUPRO<small>overlap of regions, at most 30 % false positives</small></th><td class="number strong">${formatArea(aupro)}${star(figures.oracle)}</td><td></td></tr>
</tbody></table></div>
${ORACLE_NOTE}`;
}

function pairTable({ images, translated, untouched }: PairReport): Html {
  const row = (name: Html, note: string, { mae, ssim }: PairReport['translated']) => html`
<tr><th scope="row">${name}<small>${note}</small></th><td class="number strong">${formatScore(mae)}</td><td class="number strong">${formatArea(ssim)}</td></tr>`;
  return html`<div class="scroll" role="group" aria-label="Templates" tabindex="0"><table>
<caption>How close to the template without the defect, the mean over ${images} images</caption>
<thead><tr><th scope="col">Image</th><th scope="col" class="number">Mean absolute error</th><th scope="col" class="number">SSIM</th></tr></thead>
<tbody>${row(html`x̂ = G<sub>a2n</sub>(x)`, 'as a normal image', translated)}${row(html`x`, 'doing nothing', untouched)}
</tbody></table></div>`;
}
