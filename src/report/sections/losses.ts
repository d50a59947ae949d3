import { formatCount } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import type { Report } from '../parts/report.ts';

/** Places for one small chart for each loss, in the order in which training names them; nothing without records. */
export function lossesSection({ training }: Report): Html | null {
  if (training.losses.length === 0) return null;
  return html`<p class="note">Losses over ${formatCount(training.steps, 'step')}. The line is the mean of a stretch of steps, the band its lowest and highest value.</p>
<noscript><p class="note">The charts are drawn by a script, which does not run here.</p></noscript>
<div class="panels drawn" hidden>${training.losses.map(
    ({ name, steps }, index) =>
      html`<article class="panel"><h3><code>${name}</code></h3>${
        steps.length === 0
          ? html`<p class="note">No finite value was recorded.</p>`
          : html`<div class="chart" data-loss="${index}" role="img" aria-label="Loss ${name} over the steps"></div>`
      }</article>`,
  )}</div>`;
}
