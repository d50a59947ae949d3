import type { Evaluation } from '../anomaly/evaluation.ts';
import { CHOOSERS, type Rule } from '../anomaly/thresholds.ts';
import { formatArea, formatCount, formatDuration, formatPercent, formatScore } from './format.ts';
import { type Html, html } from './html.ts';
import type { ReportInput } from './input.ts';

/** Title, the outcome at a glance, and how score and threshold were chosen. */
export function summarySection(input: ReportInput): Html {
  const { evaluation, dataset } = input;
  const { counts } = evaluation;
  const unlabelled = counts.unlabelled > 0 ? `, ${counts.unlabelled} unlabelled` : '';
  return html`<header>
<p class="kicker">Cyclops · anomaly detection report</p>
<h1>${input.title}</h1>
<p class="subtitle">${dataset.name}: ${formatCount(counts.total, 'image')} judged (${counts.normal} normal, ${counts.abnormal} abnormal${unlabelled}), after training on ${dataset.trainNormal} normal and ${dataset.trainAbnormal} abnormal ones.</p>
</header>
<section aria-label="Outcome">
${warning(evaluation)}
${tiles(evaluation)}
${statement(evaluation)}
${skippedFiles(evaluation)}
</section>`;
}

function tiles(evaluation: Evaluation): Html {
  const { counts, chosen, scores, images } = evaluation;
  const score = scores.find((candidate) => candidate.info.name === chosen.score);
  const flagged = images.filter((image) => image.flagged).length;
  const calibrated = score?.calibrated ?? null;
  const tile = (name: string, value: string, note: string, kind = ''): Html =>
    html`<div class="tile ${kind}"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
  const star = calibrated?.oracle ? '*' : '';
  return html`<dl class="tiles">${[
    tile('Flagged', `${flagged} of ${counts.total}`, `by ${score?.info.label ?? chosen.score}`),
    ...(calibrated && counts.abnormal > 0
      ? [
          tile(
            `Missed${star}`,
            `${calibrated.falseNegatives} of ${counts.abnormal}`,
            'abnormal, not flagged',
            calibrated.falseNegatives > 0 ? 'missed' : '',
          ),
        ]
      : []),
    ...(calibrated && counts.normal > 0
      ? [
          tile(
            `False alarms${star}`,
            `${calibrated.falsePositives} of ${counts.normal}`,
            'normal, flagged',
            calibrated.falsePositives > 0 ? 'false-alarm' : '',
          ),
        ]
      : []),
    ...(calibrated ? [tile(`Accuracy${star}`, formatPercent(calibrated.accuracy), 'at the calibrated threshold')] : []),
    ...(score && score.auroc !== null ? [tile('AUROC', formatArea(score.auroc), 'over all thresholds')] : []),
  ]}</dl>`;
}

function warning(evaluation: Evaluation): Html | null {
  const { seenInTraining, total } = evaluation.counts;
  if (seenInTraining === 0) return null;
  return html`<p class="warning" role="note"><strong>Not a test.</strong> ${seenInTraining} of these ${formatCount(total, 'image')} were seen in training. Every figure below is an oracle and will look better than on new images.</p>`;
}

function statement(evaluation: Evaluation): Html {
  const { chosen, best, counts, scores } = evaluation;
  const labelOf = (name: string): string => scores.find((score) => score.info.name === name)?.info.label ?? name;
  const score = scores.find((candidate) => candidate.info.name === chosen.score);
  const calibrated = score?.calibrated ?? null;
  const outcome =
    calibrated && calibrated.missRateUpperBound !== null
      ? html` Here it missed ${calibrated.falseNegatives} of ${formatCount(counts.abnormal, 'abnormal image')}${
          calibrated.oracle
            ? null
            : html`: if new images are like these, the true miss rate is at most ${formatPercent(calibrated.missRateUpperBound)} with 95 % confidence`
        }.`
      : null;
  const hindsight =
    best && best.score !== chosen.score
      ? html` In hindsight, ${labelOf(best.score)} has the highest AUROC on these images (${formatArea(best.auroc)}*); nobody could know that before.`
      : null;
  return html`<div class="statement"><h2>How the decision was made</h2>
<p>An image is flagged when its score <strong>${labelOf(chosen.score)}</strong> is at least <strong>${formatScore(chosen.threshold.value)}</strong>. ${origin(chosen, score?.calibrationAuroc ?? null)}</p>
<p>${CHOOSERS[chosen.chosenOn].caveat}${outcome}${hindsight}</p></div>`;
}

/** Who chose score and threshold, and how. */
function origin({ chosenOn, counts, threshold }: Evaluation['chosen'], area: number | null): Html {
  const images = html`on ${CHOOSERS[chosenOn].images} alone (${counts.normal} normal, ${counts.abnormal} abnormal images)`;
  const score = html`the score because it has the highest AUROC there (${formatArea(area)})`;
  if (threshold.rule === 'given')
    return html`The score was chosen ${images}: ${score}. The threshold was given by hand.`;
  return html`Both were chosen ${images}: ${score}, the threshold because it is ${ruleText(threshold.rule)}.`;
}

function ruleText(rule: Rule): string {
  const named = {
    zfn: 'the smallest score of an abnormal image there (zero false negatives)',
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

/** Where, how long and with what this was made, and how to make it again. */
export function runSection(input: ReportInput): Html {
  const { training, device, dataset } = input;
  const facts: [string, string][] = [
    ['Data set', dataset.name],
    ['Training', `${formatCount(training.steps, 'step')}, ${formatCount(training.epochs, 'epoch')}`],
    ['Training time', formatDuration(training.seconds)],
    ['Device', device.name],
    ['Driver', device.driver],
    ...Object.entries(input.versions),
    ['Made', input.created],
  ];
  return html`<section id="run" aria-labelledby="run-heading">
<h2 id="run-heading">This run</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<details><summary>All options</summary><dl class="facts">${Object.entries(training.configuration).map(
    ([name, value]) => html`<div><dt><code>${name}</code></dt><dd>${String(value)}</dd></div>`,
  )}</dl></details>
<h3>Make it again</h3>
<pre tabindex="0"><code>${input.command}</code></pre>
${dataset.attribution === undefined ? null : html`<p class="note">Photographs: ${dataset.attribution}</p>`}
</section>`;
}
