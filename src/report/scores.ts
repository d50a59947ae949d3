import type { Evaluation, ScoreReport } from '../anomaly/evaluation.ts';
import { histogramChart, rocChart } from './charts.ts';
import { formatArea, formatPercent, formatScore } from './format.ts';
import { type Html, html } from './html.ts';

/** The table of all scores and, below it, a panel with curve and histogram for each. */
export function scoresSection(evaluation: Evaluation): Html {
  const chosenFirst = evaluation.scores.toSorted(
    (a, b) => Number(isChosen(b, evaluation)) - Number(isChosen(a, evaluation)),
  );
  return html`<section id="scores" aria-labelledby="scores-heading">
<h2 id="scores-heading">Scores</h2>
${scoresTable(evaluation)}
<p class="note">* Oracle: the threshold, or the choice of the score, was made on the very images it is reported on. It is what hindsight could reach, not what to expect on new images.</p>
<p class="legend"><span><i class="key normal"></i>normal</span><span><i class="key abnormal"></i>abnormal</span><span><i class="key threshold"></i>calibrated threshold</span><span><i class="key dot"></i>where it works on the ROC curve</span></p>
<div class="panels">${chosenFirst.map((score) => scorePanel(score, evaluation))}</div>
</section>`;
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

function scoresTable(evaluation: Evaluation): Html {
  const { normal, abnormal } = evaluation.counts;
  const oracle = evaluation.counts.seenInTraining > 0 ? '*' : '';
  return html`<div class="scroll" role="region" aria-label="All scores" tabindex="0"><table>
<caption>Every score on ${normal} normal and ${abnormal} abnormal images</caption>
<thead>
<tr><th rowspan="2" scope="col">Score</th><th rowspan="2" scope="col" class="number">AUROC</th><th colspan="4" scope="colgroup" class="group">At the calibrated threshold${oracle}</th><th colspan="3" scope="colgroup" class="group">Oracle*</th></tr>
<tr><th scope="col" class="number">Threshold</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Missed</th><th scope="col" class="number">False alarms</th><th scope="col" class="number">Best accuracy*</th><th scope="col" class="number">ACC_ZFN*</th><th scope="col" class="number">Specificity at ZFN*</th></tr>
</thead>
<tbody>${evaluation.scores.map(
    (score) => html`
<tr${isChosen(score, evaluation) ? html` class="chosen"` : null}><th scope="row">${score.info.label} <code>${score.info.name}</code> ${badges(score, evaluation)}<small>${score.info.formula}</small></th>
<td class="number strong">${formatArea(score.auroc)}</td>
<td class="number">${formatScore(score.calibrated?.threshold.value ?? null)}</td><td class="number">${formatPercent(score.calibrated?.accuracy ?? null)}</td><td class="number">${score.calibrated?.falseNegatives ?? '–'}</td><td class="number">${score.calibrated?.falsePositives ?? '–'}</td>
<td class="number oracle">${formatPercent(score.bestAccuracy?.accuracy ?? null)}<small>from ${formatScore(score.bestAccuracy?.threshold.value ?? null)}</small></td><td class="number oracle">${formatPercent(score.zfn?.accuracy ?? null)}<small>from ${formatScore(score.zfn?.threshold.value ?? null)}</small></td><td class="number oracle">${formatPercent(score.zfn?.specificity ?? null)}</td></tr>`,
  )}
</tbody></table></div>`;
}

function scorePanel(score: ScoreReport, evaluation: Evaluation): Html {
  return html`
<article class="panel${isChosen(score, evaluation) ? ' chosen' : ''}"><h3>${score.info.label} ${badges(score, evaluation)}</h3>
<div class="charts">${score.histogram && histogramChart(score, score.histogram)}${score.roc && rocChart(score, score.roc)}</div></article>`;
}
