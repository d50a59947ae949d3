import { type Html, html } from '../parts/html.ts';
import type { Report } from '../parts/report.ts';

/** Curves need both classes. */
const CHARTS = [
  { chart: 'histogram', name: 'Scores by class', needs: 'histogram' },
  { chart: 'roc', name: 'ROC curve', needs: 'roc' },
  { chart: 'precision-recall', name: 'Precision–recall curve', needs: 'roc' },
] as const;

/** Places for the charts of one score, which the script draws and the reader chooses; nothing without labels. */
export function curvesSection({ evaluation }: Report): Html | null {
  const { scores, chosen, counts } = evaluation;
  const charts = CHARTS.filter(({ needs }) => scores.some((score) => score[needs] !== null));
  if (charts.length === 0) return null;
  const keys = [
    ...(counts.normal > 0 ? [key('normal', 'normal')] : []),
    ...(counts.abnormal > 0 ? [key('abnormal', 'abnormal')] : []),
    ...(scores.some(({ calibrated }) => calibrated) ? [key('threshold', 'calibrated threshold')] : []),
    ...(charts.some(({ needs }) => needs === 'roc') ? [key('dot', 'where it works')] : []),
  ];
  const options = scores.map(
    ({ info }) =>
      html`<option value="${info.name}"${info.name === chosen.score ? html` selected` : null}>${info.label}${info.name === chosen.score ? ' (decides)' : ''}</option>`,
  );
  return html`<noscript><p class="note">The charts are drawn by a script, which does not run here. Every figure stands in the tables.</p></noscript>
<div class="drawn" hidden>
<p class="legend"><label>Score <select data-score>${options}</select></label>${keys}</p>
<div class="panels">${charts.map(
    ({ chart, name }) =>
      html`<article class="panel"><h3>${name}</h3><div class="chart" data-chart="${chart}" role="img"></div></article>`,
  )}</div>
<p class="note">Drag across a chart to zoom in; a double click shows all of it again.</p>
</div>`;
}

function key(kind: string, name: string): Html {
  return html`<span><i class="key ${kind}"></i>${name}</span>`;
}
