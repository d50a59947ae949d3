import { CALIBRATION_SOURCES, type Rule } from '../../anomaly/calibration/calibration.ts';
import type { Assessment, Estimate } from '../../anomaly/evaluation/assessment.ts';
import type { Evaluation, ThresholdFigures } from '../../anomaly/evaluation/evaluation.ts';
import { formatArea, formatCount, formatDuration, formatPercent, formatScore } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import { star } from '../parts/oracle.ts';
import type { Report } from '../parts/report.ts';

/** Title, what made the figures, the outcome at a glance, and how score and threshold were chosen. */
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
</header>
<section aria-label="Outcome">
${warning(evaluation)}
${tiles(report)}
${statement(report)}
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

function statement({ evaluation, assessment }: Report): Html {
  const { chosen, best, scores } = evaluation;
  const labelOf = (name: string): string => scores.find((score) => score.info.name === name)?.info.label ?? name;
  const score = scores.find((candidate) => candidate.info.name === chosen.score);
  const hindsight =
    best && best.score !== chosen.score
      ? html` In hindsight, ${labelOf(best.score)} has the highest AUROC on these images (${formatArea(best.auroc)}*); nobody could know that before.`
      : null;
  return html`<div class="statement"><h2>How the decision was made</h2>
<p>An image is flagged when its score <strong>${labelOf(chosen.score)}</strong> is at least <strong>${formatScore(chosen.threshold.value)}</strong>. ${origin(chosen, score?.calibrationAuroc ?? null)}</p>
<p>${CALIBRATION_SOURCES[chosen.chosenOn].caveat}${score?.calibrated ? misses(score.calibrated, assessment) : null}${hindsight}</p></div>`;
}

/** How many were missed, and what that says of new images: nothing where these were known, or are several of one object. */
function misses(calibrated: ThresholdFigures, { bootstrap }: Assessment): Html | null {
  const { falseNegatives, truePositives, missRateUpperBound, oracle } = calibrated;
  const abnormal = falseNegatives + truePositives;
  if (abnormal === 0) return null;
  const bound = html`: if new images are like these, the true miss rate is at most ${formatPercent(missRateUpperBound)} with 95 % confidence`;
  const objects = html`, which show ${formatCount(bootstrap.units.abnormal, 'object')}; a bound of the miss rate would need another object on each`;
  return html` Here it missed ${falseNegatives} of ${formatCount(abnormal, 'abnormal image')}${
    oracle ? null : bootstrap.grouped ? objects : bound
  }.`;
}

/** Who chose score and threshold, and how. */
function origin({ chosenOn, counts, threshold }: Evaluation['chosen'], area: number | null): Html {
  const images = html`on ${CALIBRATION_SOURCES[chosenOn].images} alone (${counts.normal} normal, ${counts.abnormal} abnormal images)`;
  const score = html`the score because it has the highest AUROC there (${formatArea(area)})`;
  if (threshold.rule === 'given')
    return html`The score was chosen ${images}: ${score}. The threshold was given by hand.`;
  return html`Both were chosen ${images}: ${score}, the threshold because it is ${ruleText(threshold.rule)}.`;
}

function ruleText(rule: Rule): string {
  const named = {
    zfn: 'halfway from the smallest score of an abnormal image there to the next lower one (zero false negatives)',
    'max-f1': 'where F1 is highest there',
    'max-accuracy': 'where accuracy is highest there',
  };
  if (rule === 'zfn' || rule === 'max-f1' || rule === 'max-accuracy') return named[rule];
  return `the highest that flags a share of ${rule.slice('recall='.length)} of the abnormal images there`;
}

function skippedFiles(evaluation: Evaluation): Html | null {
  const { skipped } = evaluation;
  if (skipped.length === 0) return null;
  return html`<details class="skipped"><summary>${formatCount(skipped.length, 'file')} skipped</summary><ul>${skipped.map(
    ({ file, reason }) => html`<li><code class="file">${file}</code> ${reason}</li>`,
  )}</ul></details>`;
}
