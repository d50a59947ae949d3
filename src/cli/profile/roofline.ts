import type { Ceilings } from '../../kernels/ceilings.ts';
import { type Html, html, trusted } from '../../report/parts/html.ts';

/** What a dot stands for: something that needs so many FLOP and bytes, and how fast it ran. */
export interface RooflinePoint {
  readonly name: string;
  readonly flops: number;
  readonly bytes: number;
  readonly gflopsPerSecond: number;
  /** The least time that the ceilings allow, over the time taken. */
  readonly ofCeiling: number;
}

/** What the picture is headed by. */
interface RooflineTitle {
  readonly title: string;
  readonly subtitle: string;
}

/** The plot, in SVG units; labels stand to the right of it. */
const PLOT = { left: 62, right: 600, top: 86 } as const;
const LABELS = { left: 644, lineHeight: 14 } as const;
const WIDTH = 900;
const LEAST_HEIGHT = 420;

const STYLE = `
svg { background: #fff; font: 11px system-ui, sans-serif; }
text { fill: #1c232c; }
.title { font-size: 14px; font-weight: 600; }
.grid path { stroke: #dfe3e9; }
.grid text, .name { fill: #5a6573; }
.ceiling { stroke: #1c232c; stroke-width: 2; fill: none; stroke-linejoin: round; }
.ceiling.other { stroke-width: 1; stroke-dasharray: 5 4; }
.leader { stroke: #9aa7b5; stroke-width: 0.6; fill: none; }
.dot { fill: #2f6db3; stroke: #fff; }
.share { fill: #5a6573; }
`;

/** Maps [from, to] onto [start, end] by their logarithms. */
interface LogScale {
  readonly from: number;
  readonly to: number;
  at(value: number): number;
}

/** FLOP a byte to the right, GFLOP/s upwards. */
interface Axes {
  readonly x: LogScale;
  readonly y: LogScale;
}

/**
 * A roofline: how fast each point ran (GFLOP/s) over its FLOP a byte, below the most that the device allows: the copy rate times its FLOP
 * a byte, or the rate of multiply-adds, whichever is less. An SVG file of its own.
 *
 * Source: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore architectures",
 * CACM 52(4), 2009.
 */
export function roofline(
  { title, subtitle }: RooflineTitle,
  ceilings: Ceilings,
  points: readonly RooflinePoint[],
): string {
  // Without FLOP a point has no place on logarithmic axes.
  const shown = points.filter(({ flops, bytes, gflopsPerSecond }) => flops > 0 && bytes > 0 && gflopsPerSecond > 0);
  const height = Math.max(LEAST_HEIGHT, PLOT.top + LABELS.lineHeight * shown.length + 50);
  const bottom = height - 50;
  const copy = ceilings.copyBytesPerSecond / 1e9;
  const flat = flatCeilings(ceilings);
  const ridges = flat.map(({ rate }) => rate / copy);
  const intensities = shown.map(({ flops, bytes }) => flops / bytes);
  const rates = shown.map(({ gflopsPerSecond }) => gflopsPerSecond);
  const axes = {
    x: logScale([...intensities, ...ridges.flatMap((ridge) => [ridge / 4, ridge * 4])], PLOT.left, PLOT.right),
    y: logScale([...rates, ...flat.map(({ rate }) => rate)], bottom, PLOT.top),
  };
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${title}">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
<text class="title" x="16" y="24">${title}</text>
<text x="16" y="42">${subtitle}</text>
<text class="name" x="${LABELS.left}" y="${PLOT.top - 16}">layer, GFLOP/s (of the ceiling above it)</text>
${grid(axes, bottom)}
${copyCeiling(copy, ridges, axes)}
${flat.map((ceiling, i) => flatCeiling({ ...ceiling, isOther: i > 0 }, copy, axes))}
${labels(shown, axes, bottom)}
</svg>
`.markup;
}

/** The slope that the copy rate sets, from the edge of the plot up to the f32 ceiling and on to higher ones. */
function copyCeiling(copy: number, ridges: readonly number[], { x, y }: Axes): Html {
  const [ridge = x.to] = ridges;
  const highest = Math.max(...ridges);
  const start = Math.max(x.from, y.from / copy);
  const [left, top] = [x.at(start), y.at(copy * start)];
  const [right, end] = [x.at(ridge), y.at(copy * ridge)];
  const angle = round((Math.atan2(end - top, right - left) * 180) / Math.PI);
  const middle = `${round((left + right) / 2)} ${round((top + end) / 2)}`;
  return html`<path class="ceiling" d="M${left} ${top}L${right} ${end}"/>${
    highest > ridge
      ? html`<path class="ceiling other" d="M${right} ${end}L${x.at(highest)} ${y.at(copy * highest)}"/>`
      : null
  }<text transform="translate(${middle}) rotate(${angle})" y="-6" text-anchor="middle">copy ${figure(copy)} GB/s</text>`;
}

function flatCeiling(
  { name, rate, isOther }: { name: string; rate: number; isOther: boolean },
  copy: number,
  { x, y }: Axes,
): Html {
  const height = y.at(rate);
  const start = x.at(Math.max(x.from, rate / copy));
  const line = html`<path class="ceiling${isOther ? ' other' : ''}" d="M${start} ${height}H${PLOT.right}"/>`;
  // Away from the dots, which are under the first ceiling's end.
  const [place, anchor] = isOther ? [start + 24, 'start'] : [PLOT.right - 4, 'end'];
  return html`${line}<text x="${place}" y="${height - 5}" text-anchor="${anchor}">${name} ${figure(rate)} GFLOP/s</text>`;
}

/** The rates of arithmetic, f32 first. */
function flatCeilings({ f32FlopsPerSecond, f16FlopsPerSecond, matrix }: Ceilings): { name: string; rate: number }[] {
  return [
    { name: 'f32', rate: f32FlopsPerSecond / 1e9 },
    ...(f16FlopsPerSecond === null ? [] : [{ name: 'f16', rate: f16FlopsPerSecond / 1e9 }]),
    ...(matrix ? [{ name: `matrices ${matrix.shape}`, rate: matrix.flopsPerSecond / 1e9 }] : []),
  ];
}

/** Decades or, where there are few, also twice and five times. */
function logTicks({ from, to }: LogScale): number[] {
  const steps = to / from > 1000 ? [1] : [1, 2, 5];
  const first = Math.floor(Math.log10(from));
  const count = Math.ceil(Math.log10(to)) - first + 1;
  const ticks = Array.from({ length: count }, (_, i) => steps.map((step) => Number(`${step}e${first + i}`))).flat();
  return ticks.filter((tick) => tick >= from && tick <= to);
}

/** A scale over all values with some room around. */
function logScale(values: readonly number[], start: number, end: number): LogScale {
  const from = Math.min(...values) / 1.5;
  const to = Math.max(...values) * 1.5;
  const at = (value: number) => round(start + (Math.log(value / from) / Math.log(to / from)) * (end - start));
  return { from, to, at };
}

function grid({ x, y }: Axes, bottom: number): Html {
  const middle = (PLOT.top + bottom) / 2;
  return html`<g class="grid">${logTicks(y).map(
    (tick) =>
      html`<path d="M${PLOT.left} ${y.at(tick)}H${PLOT.right}"/><text x="${PLOT.left - 6}" y="${y.at(tick) + 4}" text-anchor="end">${figure(tick)}</text>`,
  )}${logTicks(x).map(
    (tick) =>
      html`<path d="M${x.at(tick)} ${PLOT.top}V${bottom}"/><text x="${x.at(tick)}" y="${bottom + 16}" text-anchor="middle">${figure(tick)}</text>`,
  )}</g><text class="name" x="${(PLOT.left + PLOT.right) / 2}" y="${bottom + 36}" text-anchor="middle">FLOP a byte</text><text class="name" transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">GFLOP/s</text>`;
}

/** A dot for each point, and its name in a column beside the plot, at the dot's height as far as the others leave room. */
function labels(points: readonly RooflinePoint[], { x, y }: Axes, bottom: number): Html[] {
  const dots = points
    .map((point) => ({ point, left: x.at(point.flops / point.bytes), top: y.at(point.gflopsPerSecond) }))
    .sort((a, b) => a.top - b.top);
  const lines = spreadOut(
    dots.map(({ top }) => top),
    LABELS.lineHeight,
    bottom,
  );
  return dots.map(({ point, left, top }, i) => {
    const line = round(lines[i] ?? top);
    const speed = `${figure(point.gflopsPerSecond)} (${(100 * point.ofCeiling).toFixed(0)} %)`;
    return html`<path class="leader" d="M${left} ${top}L${LABELS.left - 14} ${line}h10"/><circle class="dot" cx="${left}" cy="${top}" r="4"/><text x="${LABELS.left}" y="${line + 4}">${point.name} <tspan class="share">${speed}</tspan></text>
`;
  });
}

/** Ascending positions moved as little as needed to stand `distance` apart, none below `last`. */
function spreadOut(positions: readonly number[], distance: number, last: number): number[] {
  const moved: number[] = [];
  for (const position of positions) moved.push(Math.max(position, (moved.at(-1) ?? -Infinity) + distance));
  for (let i = moved.length - 1; i >= 0; i--) {
    moved[i] = Math.min(moved[i] ?? last, (moved[i + 1] ?? last + distance) - distance);
  }
  return moved;
}

/** Coordinates need no more than a tenth of a unit. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function figure(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
