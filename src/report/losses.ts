import { lossChart } from './charts.ts';
import { formatCount } from './format.ts';
import { type Html, html } from './html.ts';
import type { LossPoint } from './input.ts';

/** One small chart for each loss, in the order in which training names them; nothing without records. */
export function lossesSection(points: readonly LossPoint[]): Html | null {
  const names = [...new Set(points.flatMap((point) => Object.keys(point.losses)))];
  if (names.length === 0) return null;
  return html`<section id="losses" aria-labelledby="losses-heading">
<h2 id="losses-heading">Training</h2>
<p class="note">${formatCount(points.length, 'recorded step')}. The line is the mean of a stretch of steps, the band its lowest and highest value.</p>
<div class="panels small">${names.map(
    (name) => html`<article class="panel"><h3><code>${name}</code></h3>${lossChart(name, points)}</article>`,
  )}</div>
</section>`;
}
