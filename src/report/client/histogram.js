// How many images of each class have which score.
import { axis, BELOW, BESIDE, colour, digits, over, show, shown, uPlot } from './plot.js';

/** Between the numbers beside the plot: images are not counted in halves. */
const WHOLE = [1, 2, 5].flatMap((step) => [0, 1, 2, 3, 4, 5].map((power) => step * 10 ** power)).sort((a, b) => a - b);

/** @param {Element} place @param {import('../parts/chart-data.ts').ScoreCharts} score */
export function histogram(place, { histogram, threshold, label }) {
  if (!histogram) return;
  const { edges, normal, abnormal } = histogram;
  const width = (edges[1] ?? 1) - (edges[0] ?? 0);
  // An empty bin on either side keeps the outermost bars inside the frame.
  const centres = [-1, ...edges.keys()].map((i) => (edges[0] ?? 0) + (i + 0.5) * width);
  const bars = uPlot.paths.bars?.({ size: [1, Infinity], gap: 1 });
  const series = [normal, abnormal].map((_, i) => {
    const name = i === 0 ? 'normal' : 'abnormal';
    const fill = () => colour(name);
    return {
      label: name,
      value: shown(digits),
      fill,
      stroke: fill,
      width: 0,
      alpha: 0.62,
      points: { show: false },
      ...(bars && { paths: bars }),
    };
  });
  const top = 1.15 * Math.max(4, ...normal, ...abnormal);
  show(
    place,
    {
      scales: { x: { time: false }, y: { range: [0, top] } },
      axes: [axis(label, BELOW), { ...axis('images', BESIDE), incrs: WHOLE }],
      series: [{ label, value: shown(digits) }, ...series],
      hooks: {
        draw: [
          (plot) => {
            if (threshold === null) return;
            over(plot, (context, x) => {
              const { left, top, width, height } = plot.bbox;
              const at = x(threshold);
              context.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
              context.beginPath();
              context.moveTo(at, top);
              context.lineTo(at, top + height);
              context.stroke();
              // The text stands on the side that has room for it.
              const onLeft = at > left + width / 2;
              context.textAlign = onLeft ? 'right' : 'left';
              context.fillText(
                `flagged from ${digits(threshold)}`,
                at + (onLeft ? -6 : 6) * devicePixelRatio,
                top + 14 * devicePixelRatio,
              );
            });
          },
        ],
      },
    },
    [centres, [0, ...normal, 0], [0, ...abnormal, 0]],
  );
}
