// The ROC curve and the precision–recall curve.
import { axis, BELOW, BESIDE, colour, digits, over, percent, show, shown, uPlot } from './plot.js';

/** @typedef {import('uplot')} Plot */
/** @typedef {import('../parts/chart-data.ts').ScoreCharts} ScoreCharts */

/**
 * A curve in the unit square, with a dot where the calibrated threshold works, and thresholds for the reader's pointer.
 * @param {Element} place
 * @param {{ x: number[], y: number[], threshold: (number | null)[], names: [string, string], dot: [number, number] | null, steps: boolean, chance: boolean }} curve
 */
function curve(place, { x, y, threshold, names, dot, steps, chance }) {
  const stepped = steps ? uPlot.paths.stepped?.({ align: -1 }) : undefined;
  show(
    place,
    {
      scales: { x: { time: false }, y: { range: [0, 1.03] }, threshold: { auto: false, range: [0, 1] } },
      axes: [axis(names[0], BELOW), axis(names[1], BESIDE)],
      series: [
        { label: names[0], value: shown(percent) },
        {
          label: names[1],
          value: shown(percent),
          stroke: () => colour('accent'),
          fill: () => `${colour('accent')}22`,
          width: 2,
          points: { show: false },
          ...(stepped && { paths: stepped }),
        },
        { label: 'flagged from', value: shown(digits), scale: 'threshold', paths: () => null, points: { show: false } },
      ],
      // Several points have the same x: the one nearest to the pointer counts.
      cursor: { dataIdx: (plot, _, index) => nearest(plot, x, y, index) },
      hooks: {
        draw: [
          (plot) =>
            over(plot, (context, left, top) => {
              if (chance) {
                context.save();
                context.setLineDash([3 * devicePixelRatio, 4 * devicePixelRatio]);
                context.lineWidth = devicePixelRatio;
                context.strokeStyle = colour('muted');
                context.beginPath();
                context.moveTo(left(0), top(0));
                context.lineTo(left(1), top(1));
                context.stroke();
                context.restore();
              }
              if (!dot) return;
              context.beginPath();
              context.arc(left(dot[0]), top(dot[1]), 5 * devicePixelRatio, 0, 2 * Math.PI);
              context.fillStyle = colour('surface');
              context.fill();
              context.stroke();
            }),
        ],
      },
    },
    [x, y, threshold],
  );
}

/** @param {Plot} plot @param {number[]} x @param {number[]} y @param {number} index of a point with the x of the pointer */
function nearest(plot, x, y, index) {
  const height = plot.cursor.top ?? 0;
  let best = index;
  const distance = (/** @type {number} */ i) => Math.abs(plot.valToPos(y[i] ?? 0, 'y') - height);
  for (let i = 0; i < x.length; i++) if (x[i] === x[index] && distance(i) < distance(best)) best = i;
  return best;
}

/** @param {Element} place @param {ScoreCharts} score */
export function roc(place, { curves, operatingPoint }) {
  if (!curves) return;
  const { falsePositiveRate: x, recall: y, threshold } = curves;
  curve(place, {
    ...{ x, y, threshold, steps: false, chance: true },
    names: ['normal images flagged', 'abnormal images flagged'],
    dot: operatingPoint && [operatingPoint.falsePositiveRate, operatingPoint.recall],
  });
}

/** @param {Element} place @param {ScoreCharts} score */
export function precisionRecall(place, { curves, operatingPoint }) {
  if (!curves) return;
  const { recall: x, precision: y, threshold } = curves;
  curve(place, {
    ...{ x, y, threshold, steps: true, chance: false },
    names: ['recall', 'precision'],
    dot: operatingPoint && operatingPoint.precision !== null ? [operatingPoint.recall, operatingPoint.precision] : null,
  });
}
