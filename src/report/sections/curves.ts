import { type Html, html } from '../parts/html.ts';
import type { Report } from '../parts/report.ts';

const CHARTS = [
  { chart: 'histogram', name: 'Scores by class' },
  { chart: 'roc', name: 'ROC curve' },
  { chart: 'precision-recall', name: 'Precision–recall curve' },
];

/** Places for the charts of one score, which the script draws and the reader chooses; nothing without labels. */
export function curvesSection({ evaluation }: Report): Html | null {
  const { scores, chosen } = evaluation;
  if (scores.every(({ histogram }) => histogram === null)) return null;
  const options = scores.map(
    ({ info }) =>
      html`<option value="${info.name}"${info.name === chosen.score ? html` selected` : null}>${info.label}${info.name === chosen.score ? ' (decides)' : ''}</option>`,
  );
  return html`<noscript><p class="note">The charts are drawn by a script, which does not run here. Every figure stands in the tables.</p></noscript>
<div class="drawn" hidden>
<p class="legend"><label>Score <select data-score>${options}</select></label><span><i class="key normal"></i>normal</span><span><i class="key abnormal"></i>abnormal</span><span><i class="key threshold"></i>calibrated threshold</span><span><i class="key dot"></i>where it works</span></p>
<div class="panels">${CHARTS.map(
    ({ chart, name }) =>
      html`<article class="panel"><h3>${name}</h3><div class="chart" data-chart="${chart}" role="img"></div></article>`,
  )}</div>
<p class="note">Drag across a chart to zoom in; a double click shows all of it again.</p>
</div>`;
}
