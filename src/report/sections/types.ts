import { formatPercent } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import { ORACLE_NOTE, star } from '../parts/oracle.ts';
import type { Report } from '../parts/report.ts';

/** How many of each kind of defect are found; nothing where no image tells its kind. */
export function typesSection({ evaluation, assessment }: Report): Html | null {
  const { types } = assessment;
  if (types.every(({ type }) => type === null)) return null;
  const label = evaluation.scores.find(({ info }) => info.name === evaluation.chosen.score)?.info.label ?? '';
  return html`<div class="scroll" role="group" aria-label="Recall of each kind of defect" tabindex="0"><table>
<caption>Abnormal images that ${label} flags at the calibrated threshold</caption>
<thead><tr><th scope="col">Kind</th><th scope="col" class="number">Images</th><th scope="col" class="number">Flagged</th><th scope="col" class="number">Recall</th><th scope="col" class="number">At least</th></tr></thead>
<tbody>${types.map(
    ({ type, images, flagged, recall, recallLowerBound, oracle }) => html`
<tr><th scope="row">${type ?? 'not named'}</th><td class="number">${images}</td><td class="number">${flagged}</td><td class="number strong">${formatPercent(recall)}${star(oracle)}</td><td class="number">${formatPercent(recallLowerBound)}${star(oracle)}</td></tr>`,
  )}
</tbody></table></div>
<p class="note">At least: the lower bound of the recall on new images like these, with 95 % confidence (Clopper–Pearson, one-sided). Few images promise little, even when all of them are flagged.${assessment.bootstrap.grouped ? ' It takes every image for another object; some of these show the same one, so it promises too much.' : ''}</p>
${types.some(({ oracle }) => oracle) ? ORACLE_NOTE : null}`;
}
