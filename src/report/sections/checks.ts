import { CALIBRATION_SOURCES } from '../../anomaly/calibration/calibration.ts';
import { formatArea, formatCount, formatPercent, formatScore } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import type { Report } from '../parts/report.ts';

/** What could make the figures look better than they are, and whether it does. */
export function checksSection(report: Report): Html {
  return html`<div class="panels">${[leaks(report), thresholds(report), learning(report), hiding(report)]}</div>`;
}

function check(name: string, warns: boolean, text: Html): Html {
  const badge = warns
    ? html`<span class="badge false-alarm">warning</span>`
    : html`<span class="badge correct">passed</span>`;
  return html`
<article class="panel check${warns ? ' warns' : ''}"><h3>${name} ${badge}</h3>${text}</article>`;
}

function leaks({ evaluation, dataset }: Report): Html {
  const { seenInTraining, total } = evaluation.counts;
  const leftOut =
    dataset.leftOut > 0
      ? html` ${formatCount(dataset.leftOut, 'other image')} of the data set did, and ${dataset.leftOut === 1 ? 'was' : 'were'} not judged.`
      : null;
  return check(
    'Leaks',
    seenInTraining > 0,
    seenInTraining > 0
      ? html`<p>${seenInTraining} of the ${formatCount(total, 'judged image')} trained or calibrated the run. Every figure of this report that counts them is an oracle.${leftOut}</p>`
      : html`<p>None of the ${formatCount(total, 'judged image')} trained or calibrated the run; images are compared by content, so that other names hide nothing.${leftOut}</p>`,
  );
}

function thresholds({ evaluation }: Report): Html {
  const { chosenOn, counts, threshold } = evaluation.chosen;
  const images = html`${counts.normal} normal and ${counts.abnormal} abnormal images`;
  const given = threshold.rule === 'given' ? html` The threshold itself was given by hand.` : null;
  const { images: part, caveat } = CALIBRATION_SOURCES[chosenOn];
  return caveat
    ? check(
        'Calibration',
        chosenOn === 'train',
        html`<p>Score and threshold were chosen on ${part} (${images}). ${caveat}${given}</p>`,
      )
    : check(
        'Calibration',
        false,
        html`<p>Score and threshold were chosen on ${images} that trained nothing${evaluation.counts.seenInTraining > 0 ? null : ' and are not judged here'}.${given}</p>`,
      );
}

function learning({ learned, evaluation, steganography }: Report): Html {
  const { normalChange, discriminators, warnings } = learned;
  const part = CALIBRATION_SOURCES[evaluation.chosen.chosenOn].images;
  return check(
    'Learning',
    warnings.length > 0,
    html`${warnings.map((text) => html`<p><strong>${text}</strong></p>`)}<p>G<sub>a2n</sub> should leave normal images alone: on ${formatCount(steganography.images.normal, 'normal image')} it changes ${formatPercent(normalChange)} of one (the median; 100 % is what a flat picture in the mean colour would change).</p>
<p>The discriminators should tell normal from abnormal: on ${part}, D<sub>n</sub> has AUROC ${formatArea(discriminators.dn)}, and D<sub>a</sub> − D<sub>n</sub> ${formatArea(discriminators.da_dn)} (0.5 is chance).</p>`,
  );
}

function hiding({ steganography, evaluation }: Report): Html {
  const { images, moved, removed, change, warnings } = steganography;
  const label = evaluation.scores.find(({ info }) => info.name === evaluation.chosen.score)?.info.label ?? '';
  const shift = (shifts: Record<string, number | null>) => formatScore(shifts[evaluation.chosen.score] ?? null);
  const energy = removed
    ? html` Inside the true masks it removes ${formatScore(removed.inside)} of energy a pixel, outside ${formatScore(removed.outside)}.`
    : null;
  return check(
    'Steganography',
    warnings.length > 0,
    html`${warnings.map((text) => html`<p><strong>${text}</strong></p>`)}<p>A Cycle-GAN can hide a defect in patterns that nobody sees, or copy it, instead of removing it. On ${images.normal} normal and ${images.abnormal} abnormal images: G<sub>a2n</sub> changes ${formatPercent(change.abnormal)} of an abnormal image and ${formatPercent(change.normal)} of a normal one.${energy}</p>
<p>Rounding x̂ to 8 bits moves ${label} by ${shift(moved.quantised)} of its standard deviations, faint noise in x by ${shift(moved.noisy)}. Large values say that the score hangs on what no eye could see.</p>
<details><summary>Every score</summary><dl class="facts">${evaluation.scores.map(
      ({ info }) =>
        html`<div><dt>${info.label}</dt><dd>${formatScore(moved.quantised[info.name] ?? null)}, ${formatScore(moved.noisy[info.name] ?? null)}</dd></div>`,
    )}</dl></details>`,
  );
}
