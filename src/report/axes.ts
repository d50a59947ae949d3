import { formatScore } from './format.ts';
import { type Html, html } from './html.ts';

/** Size of a chart's drawing, in SVG units, and of the plot inside it. */
export const CHART = { width: 300, height: 210, left: 42, right: 284, top: 10, bottom: 170 } as const;

/** Maps [from, to] onto pixels. */
export interface Scale {
  from: number;
  to: number;
  at(value: number): number;
}

export function horizontalScale(from: number, to: number): Scale {
  return linearScale(from, to, CHART.left, CHART.right);
}

export function verticalScale(from: number, to: number): Scale {
  return linearScale(from, to, CHART.bottom, CHART.top);
}

function linearScale(from: number, to: number, start: number, end: number): Scale {
  const span = to - from || 1;
  return { from, to, at: (value) => round(start + ((value - from) / span) * (end - start)) };
}

/** Coordinates need no more than a tenth of a unit, and the page stays small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Round values (1, 2 or 5 times a power of ten apart) inside [from, to], about `count` of them. */
export function ticks(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count;
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Multiples of the step, not sums of it, and without the digits that the binary fraction adds.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Grid lines, tick labels and the names of both axes. */
export function axes(x: Scale, y: Scale, xName: string, yName: string): Html {
  const middle = (CHART.top + CHART.bottom) / 2;
  return html`<g class="grid">${ticks(y.from, y.to, 4).map(
    (value) =>
      html`<path d="M${CHART.left} ${y.at(value)}H${CHART.right}"/><text x="${CHART.left - 6}" y="${y.at(value) + 4}" text-anchor="end">${formatScore(value)}</text>`,
  )}${ticks(x.from, x.to, 5).map(
    (value) =>
      html`<path class="tick" d="M${x.at(value)} ${CHART.bottom}v4"/><text x="${x.at(value)}" y="${CHART.bottom + 16}" text-anchor="middle">${formatScore(value)}</text>`,
  )}<path class="axis" d="M${CHART.left} ${CHART.bottom}H${CHART.right}"/><text class="name" x="${(CHART.left + CHART.right) / 2}" y="${CHART.height - 4}" text-anchor="middle">${xName}</text><text class="name" transform="translate(10 ${middle}) rotate(-90)" text-anchor="middle">${yName}</text></g>`;
}

/** The drawing as a figure of its own: what it shows in words for those who do not see it. */
export function chart(description: string, content: Html): Html {
  return html`<svg class="chart" viewBox="0 0 ${CHART.width} ${CHART.height}" role="img" aria-label="${description}">${content}</svg>`;
}
