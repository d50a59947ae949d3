import { AUPRO_FPR, type PixelF1 } from '../anomaly/pixel-metrics.ts';
import type { PixelReport } from '../anomaly/where.ts';
import { formatArea, formatCount, formatPercent, formatScore } from './format.ts';
import { type Html, html } from './html.ts';
import { ORACLE_NOTE, star } from './oracle.ts';
import type { Report } from './report.ts';

/** How well heat maps show where defects are, and how close x̂ gets to images without them. */
export function whereSection({ heatmap, pixels, pairs }: Report): Html {
  const { threshold, images, normal, abnormal, expectedHotShare } = heatmap;
  return html`<section id="where" aria-labelledby="where-heading">
<h2 id="where-heading">Where</h2>
<p class="note">A pixel of a heat map above ${formatScore(threshold)} is hot. ${normal.hot} of ${normal.total} normal and ${abnormal.hot} of ${abnormal.total} abnormal images have a hot pixel; of normal images like the ${images} that chose the threshold, ${formatPercent(expectedHotShare)} at most are expected to.</p>
${pixels && pixelTable(pixels)}
${pairs && pairTable(pairs)}
</section>`;
}

function pixelTable({ images, withoutMask, emptyMasks, figures }: PixelReport): Html {
  const without = withoutMask > 0 ? `, ${withoutMask} abnormal ones without a mask left out` : '';
  const empty = emptyMasks > 0 ? `, ${formatCount(emptyMasks, 'mask')} too small to mark a pixel` : '';
  const counts = `${images.normal} normal and ${images.abnormal} masked images${without}${empty}`;
  if (!figures) return html`<p class="note">No pixels to tell apart: ${counts}.</p>`;
  const { auroc, aupro, regions, calibrated, best } = figures;
  const row = (name: string, { f1, precision, recall, threshold }: PixelF1, oracle: boolean): Html => html`
<tr><th scope="row">${name}${star(oracle)}</th><td class="number">${formatScore(threshold)}</td><td class="number strong">${formatArea(f1)}</td><td class="number">${formatArea(precision)}</td><td class="number">${formatArea(recall)}</td></tr>`;
  const mark = star(calibrated.oracle);
  return html`<dl class="tiles">
<div class="tile"><dt>Pixel AUROC${mark}</dt><dd>${formatArea(auroc)}<small>inside masks against outside</small></dd></div>
<div class="tile"><dt>AUPRO${mark}</dt><dd>${formatArea(aupro)}<small>${formatCount(regions, 'region')}, false-positive rate up to ${AUPRO_FPR}</small></dd></div>
</dl>
<div class="scroll" role="region" aria-label="Pixels" tabindex="0"><table>
<caption>Pixels of ${counts}</caption>
<thead><tr><th scope="col">Hot from</th><th scope="col" class="number">Threshold</th><th scope="col" class="number">F1</th><th scope="col" class="number">Precision</th><th scope="col" class="number">Recall</th></tr></thead>
<tbody>${row('Calibrated', calibrated, calibrated.oracle)}${row('Best F1', best, best.oracle)}
</tbody></table></div>
${ORACLE_NOTE}`;
}

function pairTable({ images, translated, untouched }: NonNullable<Report['pairs']>): Html {
  const row = (name: Html, { mae, ssim }: typeof translated): Html => html`
<tr><th scope="row">${name}</th><td class="number">${formatScore(mae)}</td><td class="number">${formatArea(ssim)}</td></tr>`;
  return html`<div class="scroll" role="region" aria-label="Templates" tabindex="0"><table>
<caption>How close to the template without the defect, mean over ${formatCount(images, 'image')}</caption>
<thead><tr><th scope="col">Compared</th><th scope="col" class="number">Mean absolute error</th><th scope="col" class="number">SSIM</th></tr></thead>
<tbody>${row(html`x̂ = G<sub>a2n</sub>(x)`, translated)}${row(html`x itself: doing nothing`, untouched)}
</tbody></table></div>`;
}
