import type { ScoreAssessment } from '../../anomaly/evaluation/assessment.ts';
import type { Evaluation, ScoreReport } from '../../anomaly/evaluation/evaluation.ts';
import { interval, intervalNote } from '../parts/estimate.ts';
import { formatArea, formatPercent, formatScore } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import { ORACLE_NOTE, star } from '../parts/oracle.ts';
import type { Report } from '../parts/report.ts';

/** The table of all scores. */
export function scoresSection(report: Report): Html {
  return html`${scoresTable(report)}
${Object.keys(report.assessment.scores).length > 0 ? intervalNote(report.assessment) : null}
${ORACLE_NOTE}`;
}

function isChosen(score: ScoreReport, evaluation: Evaluation): boolean {
  return score.info.name === evaluation.chosen.score;
}

function badges(score: ScoreReport, evaluation: Evaluation): Html {
  const names = [
    isChosen(score, evaluation) ? html`<span class="badge chosen">decides</span>` : null,
    score.info.paper ? html`<span class="badge">the paper’s</span>` : null,
    score.info.name === evaluation.best?.score ? html`<span class="badge">highest AUROC here*</span>` : null,
  ];
  return html`${names.filter((badge) => badge !== null)}`;
}

function scoresTable({ evaluation, assessment }: Report): Html {
  const { normal, abnormal, seenInTraining } = evaluation.counts;
  const mark = star(seenInTraining > 0);
  return html`<div class="scroll" role="group" aria-label="All scores" tabindex="0"><table>
<caption>Every score on ${normal} normal and ${abnormal} abnormal images</caption>
<thead>
<tr><th rowspan="2" scope="col">Score</th><th rowspan="2" scope="col" class="number">AUROC${mark}</th><th rowspan="2" scope="col" class="number">Average precision${mark}</th><th colspan="4" scope="colgroup" class="group">At the calibrated threshold${mark}</th><th colspan="3" scope="colgroup" class="group">Oracle*</th></tr>
<tr><th scope="col" class="number">Threshold</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Missed</th><th scope="col" class="number">False alarms</th><th scope="col" class="number">Best accuracy*</th><th scope="col" class="number">ACC_ZFN*</th><th scope="col" class="number">Specificity at ZFN*</th></tr>
</thead>
<tbody>${evaluation.scores.map((score) => scoreRow(score, evaluation, assessment.scores[score.info.name]))}
</tbody></table></div>`;
}

function scoreRow(score: ScoreReport, evaluation: Evaluation, assessed: ScoreAssessment | undefined): Html {
  const { info, calibrated } = score;
  return html`
<tr${isChosen(score, evaluation) ? html` class="chosen"` : null}><th scope="row">${info.label} <code>${info.name}</code> ${badges(score, evaluation)}<small>${info.formula}</small></th>
<td class="number strong">${formatArea(score.auroc)}${interval(assessed?.auroc, formatArea)}</td><td class="number">${formatArea(assessed?.averagePrecision.value ?? null)}${interval(assessed?.averagePrecision, formatArea)}</td>
<td class="number">${formatScore(calibrated?.threshold.value ?? null)}</td><td class="number">${formatPercent(calibrated?.accuracy ?? null)}${interval(assessed?.calibrated?.accuracy, formatPercent)}</td><td class="number">${calibrated?.falseNegatives ?? '–'}</td><td class="number">${calibrated?.falsePositives ?? '–'}</td>
<td class="number oracle">${formatPercent(score.bestAccuracy?.accuracy ?? null)}${interval(assessed?.bestAccuracy?.accuracy, formatPercent)}</td><td class="number oracle">${formatPercent(score.zfn?.accuracy ?? null)}${interval(assessed?.zfn?.accuracy, formatPercent)}</td><td class="number oracle">${formatPercent(score.zfn?.specificity ?? null)}${interval(assessed?.zfn?.specificity, formatPercent)}</td></tr>`;
}
