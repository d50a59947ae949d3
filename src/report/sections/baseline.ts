import { CALIBRATION_SOURCES } from '../../anomaly/calibration/calibration.ts';
import { formatArea } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import { ORACLE_NOTE, star } from '../parts/oracle.ts';
import type { Report } from '../parts/report.ts';

/** What the simplest statistic of an image reaches without a network; nothing where none was chosen. */
export function baselineSection({ baseline, evaluation }: Report): Html | null {
  if (!baseline) return null;
  const { label, abnormalHas, chosenOn, calibrationAuroc, auroc, scoreAuroc, beaten, oracle } = baseline;
  const score = evaluation.scores.find(({ info }) => info.name === evaluation.chosen.score);
  return html`<div class="scroll" role="group" aria-label="Baseline" tabindex="0"><table>
<caption>Without a network: the statistic of the pixels that told ${CALIBRATION_SOURCES[chosenOn].images} apart best</caption>
<thead><tr><th scope="col">What judges</th><th scope="col" class="number">AUROC where chosen</th><th scope="col" class="number">AUROC here</th></tr></thead>
<tbody>
<tr><th scope="row">${label}<small>${abnormalHas} where abnormal</small></th><td class="number">${formatArea(calibrationAuroc)}</td><td class="number strong">${formatArea(auroc)}${star(oracle)}</td></tr>
<tr><th scope="row">${score?.info.label ?? ''}<small>decides</small></th><td class="number">${formatArea(score?.calibrationAuroc ?? null)}</td><td class="number strong">${formatArea(scoreAuroc)}${star(oracle)}</td></tr>
</tbody></table></div>
${beaten === false ? html`<p class="warning" role="note"><strong>Not beaten.</strong> The networks tell these images apart no better than this statistic does. Train longer or otherwise, or do without networks.</p>` : null}
${oracle ? ORACLE_NOTE : null}`;
}
