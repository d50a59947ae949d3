import { AVERAGE } from '../../anomaly/calibration/average.ts';
import { CALIBRATION_SOURCES, missesNone, type Rule, spareIn } from '../../anomaly/calibration/calibration.ts';
import { type TradeOff, tradeOffText } from '../../anomaly/calibration/trade-off.ts';
import type { Assessment } from '../../anomaly/evaluation/assessment.ts';
import type { Evaluation, ThresholdFigures } from '../../anomaly/evaluation/evaluation.ts';
import { isOfPixels } from '../../anomaly/scores/list.ts';
import { formatArea, formatCount, formatPercent, formatScore } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import type { Report } from '../parts/report.ts';
import { tradeOffChart } from '../parts/trade-off-chart.ts';

/** What flags an image, and how score and threshold were chosen. */
export function decisionSection({ evaluation, assessment }: Report): Html {
  const { chosen, best, scores } = evaluation;
  const labelOf = (name: string): string => scores.find((score) => score.info.name === name)?.info.label ?? name;
  const score = scores.find((candidate) => candidate.info.name === chosen.score);
  const hindsight =
    best && best.score !== chosen.score
      ? html` In hindsight, ${labelOf(best.score)} has the highest AUROC on these images (${formatArea(best.auroc)}*); nobody could know that before.`
      : null;
  return html`<div class="statement"><p>An image is flagged when its score <strong>${labelOf(chosen.score)}</strong> is at least <strong>${formatScore(chosen.threshold.value)}</strong>. ${origin(chosen, score?.calibrationAuroc ?? null)}</p>
<p>${CALIBRATION_SOURCES[chosen.chosenOn].caveat}${score?.calibrated ? misses(score.calibrated, assessment) : null}${hindsight}</p></div>${chosen.tradeOff && otherThresholds(chosen.tradeOff, chosen.counts)}`;
}

/** What a stricter and a laxer threshold would have cost on the images that chose, drawn and in words. */
function otherThresholds(table: TradeOff, counts: Evaluation['chosen']['counts']): Html {
  return html`
<figure class="panel"><figcaption>Stricter and laxer thresholds, on the images that chose this one*</figcaption>
${table.points.length > 1 ? tradeOffChart(table, counts) : null}
<p class="note">${tradeOffText(table, counts)}</p></figure>`;
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
function origin({ score: name, chosenOn, counts, threshold }: Evaluation['chosen'], area: number | null): Html {
  const images = html`on ${CALIBRATION_SOURCES[chosenOn].images} alone (${counts.normal} normal, ${counts.abnormal} abnormal images)`;
  const score = reasonOf(name, formatArea(area));
  if (threshold.rule === 'given')
    return html`The score was chosen ${images}: ${score}. The threshold was given by hand.`;
  return html`Both were chosen ${images}: ${score}, the threshold because it is ${ruleText(threshold.rule)}.`;
}

function reasonOf(score: string, area: string): Html {
  if (score === AVERAGE.name)
    return html`the score because it is the average of those that cannot be told from the leading one there, and of the combination where it is part of it (its AUROC there is ${area})`;
  if (isOfPixels(score))
    return html`the score because what a segmenter says of pixels decides unless another score is clearly better there (its AUROC there is ${area})`;
  return html`the score because it has the highest AUROC there (${area})`;
}

function ruleText(rule: Rule): string {
  const named = {
    zfn: 'halfway from the smallest score of an abnormal image there to the next lower one (zero false negatives)',
    'max-f1': 'where F1 is highest there',
    'max-accuracy': 'where accuracy is highest there',
  };
  if (rule === 'zfn' || rule === 'max-f1' || rule === 'max-accuracy') return named[rule];
  if (missesNone(rule))
    return `${named.zfn}, or for safety lower, as far as it flags no more than a share of ${spareIn(rule)} of the normal images there`;
  return `the highest that flags a share of ${rule.slice('recall='.length)} of the abnormal images there`;
}
