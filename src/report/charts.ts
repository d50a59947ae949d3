import type { ScoreReport } from '../anomaly/evaluation.ts';
import type { Histogram, RocPoint } from '../anomaly/metrics.ts';
import { axes, CHART, chart, horizontalScale, round, verticalScale } from './axes.ts';
import { formatArea, formatPercent, formatScore } from './format.ts';
import { type Html, html } from './html.ts';
import type { LossPoint } from './input.ts';

/** The ROC curve, with a dot where the calibrated threshold works. */
export function rocChart(score: ScoreReport, roc: readonly RocPoint[]): Html {
  const x = horizontalScale(0, 1);
  const y = verticalScale(0, 1);
  const line = roc.map((point) => `${x.at(point.falsePositiveRate)} ${y.at(point.truePositiveRate)}`).join('L');
  const { sensitivity, specificity } = score.calibrated ?? { sensitivity: null, specificity: null };
  const works = sensitivity !== null && specificity !== null;
  const description =
    `ROC curve of ${score.info.label}: area ${formatArea(score.auroc)}` +
    (works
      ? `; at the threshold from training ${formatPercent(sensitivity)} of the abnormal images are flagged and ` +
        `${formatPercent(1 - specificity)} of the normal ones.`
      : '.');
  return chart(
    description,
    html`${axes(x, y, 'normal images flagged', 'abnormal images flagged')}<path class="chance" d="M${x.at(0)} ${y.at(0)}L${x.at(1)} ${y.at(1)}"/><path class="area" d="M${line}L${x.at(1)} ${y.at(0)}Z"/><path class="curve" d="M${line}"/>${
      works ? html`<circle class="dot" cx="${x.at(1 - specificity)}" cy="${y.at(sensitivity)}" r="5"/>` : null
    }<text class="value" x="${CHART.right - 4}" y="${CHART.bottom - 10}" text-anchor="end">AUROC ${formatArea(score.auroc)}</text>`,
  );
}

/** How many images of each class have which score, side by side in shared bins, with the calibrated threshold. */
export function histogramChart(score: ScoreReport, histogram: Histogram): Html {
  const { edges, normal, abnormal } = histogram;
  const first = edges[0] ?? 0;
  const last = edges.at(-1) ?? 1;
  const x = horizontalScale(first, last);
  // Room above the tallest bar for the name of the threshold.
  const y = verticalScale(0, 1.15 * Math.max(4, ...normal, ...abnormal));
  const bars = (counts: readonly number[], name: string): Html[] =>
    counts.flatMap((count, i) => {
      if (count === 0) return [];
      const left = x.at(edges[i] ?? first);
      const width = round(x.at(edges[i + 1] ?? last) - left);
      return [
        html`<rect class="${name}" x="${left}" y="${y.at(count)}" width="${width}" height="${round(y.at(0) - y.at(count))}"/>`,
      ];
    });
  const threshold = score.calibrated?.threshold.value ?? null;
  const description =
    `Histogram of ${score.info.label} from ${formatScore(first)} to ${formatScore(last)}, normal and abnormal images` +
    (threshold === null ? '.' : `; the threshold from training is ${formatScore(threshold)}.`);
  return chart(
    description,
    html`${axes(x, y, score.info.label, 'images')}${bars(normal, 'normal')}${bars(abnormal, 'abnormal')}${
      threshold === null ? null : thresholdLine(x.at(threshold), threshold)
    }`,
  );
}

function thresholdLine(position: number, value: number): Html {
  // The label stands on the side that has room for it.
  const onLeft = position > (CHART.left + CHART.right) / 2;
  return html`<path class="threshold" d="M${position} ${CHART.top}V${CHART.bottom}"/><text class="value" x="${position + (onLeft ? -5 : 5)}" y="${CHART.top + 8}" text-anchor="${onLeft ? 'end' : 'start'}">flagged from ${formatScore(value)}</text>`;
}

/** One loss over the steps: the mean of each stretch as a line, its extremes as a band. */
export function lossChart(name: string, points: readonly LossPoint[]): Html {
  const values = points.flatMap(({ step, losses }) => {
    const loss = losses[name];
    return loss !== undefined && Number.isFinite(loss) ? [{ step, loss }] : [];
  });
  if (values.length === 0) return html`<p class="note">No finite value was recorded.</p>`;
  const stretches = summariseStretches(values, 120);
  const highest = stretches.reduce((highest, stretch) => Math.max(highest, stretch.high), 0);
  const lowest = stretches.reduce((lowest, stretch) => Math.min(lowest, stretch.low), 0);
  const x = horizontalScale(values[0]?.step ?? 0, values.at(-1)?.step ?? 1);
  const y = verticalScale(lowest, highest);
  const trace = (key: 'mean' | 'low' | 'high'): string[] =>
    stretches.map((stretch) => `${x.at(stretch.step)} ${y.at(stretch[key])}`);
  const end = stretches.at(-1)?.mean ?? null;
  return chart(
    `Loss ${name} over ${points.length} recorded steps, from ${formatScore(stretches[0]?.mean ?? null)} to ${formatScore(end)}.`,
    html`${axes(x, y, 'step', 'loss')}<path class="band" d="M${[...trace('high'), ...trace('low').reverse()].join('L')}Z"/><path class="curve" d="M${trace('mean').join('L')}"/>`,
  );
}

function summariseStretches(
  values: readonly { step: number; loss: number }[],
  count: number,
): { step: number; mean: number; low: number; high: number }[] {
  const length = Math.ceil(values.length / count);
  const stretches: { step: number; mean: number; low: number; high: number }[] = [];
  for (let start = 0; start < values.length; start += length) {
    const part = values.slice(start, start + length);
    const losses = part.map((value) => value.loss);
    stretches.push({
      step: part.reduce((sum, value) => sum + value.step, 0) / part.length,
      mean: losses.reduce((sum, loss) => sum + loss, 0) / part.length,
      low: Math.min(...losses),
      high: Math.max(...losses),
    });
  }
  return stretches;
}
