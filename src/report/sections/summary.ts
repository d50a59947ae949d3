import type { Estimate } from '../../anomaly/evaluation/assessment.ts';
import type { Evaluation } from '../../anomaly/evaluation/evaluation.ts';
import { formatArea, formatCount, formatDuration, formatPercent } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import { star } from '../parts/oracle.ts';
import type { Report } from '../parts/report.ts';

/** Title, and what made the figures. */
export function summarySection(report: Report): Html {
  const { evaluation, dataset, device, training, versions } = report;
  const { counts } = evaluation;
  const unlabelled = counts.unlabelled > 0 ? `, ${counts.unlabelled} unlabelled` : '';
  return html`<header>
<p class="kicker">Cyclops · anomaly detection report</p>
<h1>${report.title}</h1>
<p class="subtitle">${dataset.name}: ${formatCount(counts.total, 'image')} judged (${counts.normal} normal, ${counts.abnormal} abnormal${unlabelled}), after training on ${dataset.trainNormal} normal and ${dataset.trainAbnormal} abnormal ones.</p>
<p class="note">${formatCount(training.steps, 'step')} in ${formatDuration(training.seconds)} · ${device.name} · driver ${device.driver} · ${Object.entries(
    versions,
  )
    .map((entry) => entry.join(' '))
    .join(' · ')} · ${report.created}</p>
</header>`;
}

/** The outcome at a glance, and what forbids to believe it. */
export function outcomeSection(report: Report): Html {
  const { evaluation } = report;
  return html`<section aria-label="Outcome">
${warning(evaluation)}
${report.learned.warnings.map((text) => html`<p class="warning" role="note"><strong>Not learned.</strong> ${text}</p>`)}
${tiles(report)}
${skippedFiles(evaluation)}
</section>`;
}

function tiles({ evaluation, assessment }: Report): Html {
  const { counts, chosen, scores } = evaluation;
  const score = scores.find((candidate) => candidate.info.name === chosen.score);
  const calibrated = score?.calibrated ?? null;
  const tile = (name: string, value: string, note: string | Html, kind = ''): Html =>
    html`<div class="tile ${kind}"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
  const mark = star(calibrated?.oracle ?? false);
  const assessed = assessment.scores[chosen.score];
  return html`<dl class="tiles">${[
    tile('Flagged', `${counts.flagged} of ${counts.total}`, `by ${score?.info.label ?? chosen.score}`),
    ...(calibrated && counts.abnormal > 0
      ? [
          tile(
            `Missed${mark}`,
            `${calibrated.falseNegatives} of ${counts.abnormal}`,
            'abnormal, not flagged',
            calibrated.falseNegatives > 0 ? 'missed' : '',
          ),
        ]
      : []),
    ...(calibrated && counts.normal > 0
      ? [
          tile(
            `False alarms${mark}`,
            `${calibrated.falsePositives} of ${counts.normal}`,
            'normal, flagged',
            calibrated.falsePositives > 0 ? 'false-alarm' : '',
          ),
        ]
      : []),
    ...(calibrated ? [tile(`Accuracy${mark}`, formatPercent(calibrated.accuracy), 'at the calibrated threshold')] : []),
    ...(assessed
      ? [
          tile(`AUROC${mark}`, formatArea(assessed.auroc.value), range(assessed.auroc)),
          tile(
            `Average precision${mark}`,
            formatArea(assessed.averagePrecision.value),
            range(assessed.averagePrecision),
          ),
        ]
      : []),
  ]}</dl>`;
}

function range({ low, high }: Estimate): string {
  return `95 %: ${formatArea(low)} to ${formatArea(high)}`;
}

function warning(evaluation: Evaluation): Html | null {
  const { seenInTraining, total } = evaluation.counts;
  if (seenInTraining === 0) return null;
  return html`<p class="warning" role="note"><strong>Not a test.</strong> ${seenInTraining} of these ${formatCount(total, 'image')} trained or calibrated the run. Every figure below is an oracle and will look better than on new images.</p>`;
}

function skippedFiles(evaluation: Evaluation): Html | null {
  const { skipped } = evaluation;
  if (skipped.length === 0) return null;
  return html`<details class="skipped"><summary>${formatCount(skipped.length, 'file')} skipped</summary><ul>${skipped.map(
    ({ file, reason }) => html`<li><code class="file">${file}</code> ${reason}</li>`,
  )}</ul></details>`;
}
