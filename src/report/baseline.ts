import { CHOOSERS } from '../anomaly/thresholds.ts';
import { formatArea } from './format.ts';
import { type Html, html } from './html.ts';
import { star } from './oracle.ts';
import type { Report } from './report.ts';

/** What is reached without a network; nothing for models from before it was looked for. */
export function baselineSection({ evaluation, baseline }: Report): Html | null {
  if (!baseline) return null;
  const { label, abnormalHas, chosenOn, calibrationAuroc, auroc, scoreAuroc, beaten } = baseline;
  const decides = evaluation.scores.find(({ info }) => info.name === evaluation.chosen.score);
  const mark = star(evaluation.counts.seenInTraining > 0);
  return html`<section id="baseline" aria-labelledby="baseline-heading">
<h2 id="baseline-heading">Baseline</h2>
<div class="scroll" role="region" aria-label="Baseline" tabindex="0"><table>
<caption>What the simplest statistic of the pixels reaches without a network; chosen on ${CHOOSERS[chosenOn].images}</caption>
<thead><tr><th scope="col">Image score</th><th scope="col" class="number">AUROC${mark}</th><th scope="col" class="number">AUROC where it was chosen</th></tr></thead>
<tbody>
<tr><th scope="row">${label}<small>${abnormalHas} where abnormal</small></th><td class="number strong">${formatArea(auroc)}</td><td class="number">${formatArea(calibrationAuroc)}</td></tr>
<tr><th scope="row">${decides?.info.label ?? evaluation.chosen.score}<small>decides</small></th><td class="number strong">${formatArea(scoreAuroc)}</td><td class="number">${formatArea(decides?.calibrationAuroc ?? null)}</td></tr>
</tbody></table></div>
${beaten === false ? html`<p class="warning" role="note"><strong>Not beaten.</strong> The networks do not tell these images apart better than the statistic. Train longer or otherwise, or do without networks.</p>` : null}
</section>`;
}
