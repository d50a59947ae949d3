// What all charts share. uPlot is there already: the page runs it before.

/** @typedef {import('uplot')} Plot */

/** @type {typeof import('uplot')} */
export const uPlot = Reflect.get(globalThis, 'uPlot');
/** @type {import('../parts/chart-data.ts').ChartData} */
export const data = JSON.parse(document.querySelector('#chart-data')?.textContent ?? '');

const HEIGHT = 240;
/** Room for the numbers of an axis, below and beside the plot. */
export const BELOW = 28;
export const BESIDE = 42;
const EDGE = 7;
const FONT = '11px system-ui, sans-serif';
/** @type {Map<Element, Plot>} */
const plots = new Map();

/** A colour of the page's style, as it is now. @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
/** @param {number | null} value */
export const percent = (value) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
/** @param {number | null} value */
export const digits = (value) => (value === null ? '–' : String(Number(value.toPrecision(4))).replace('-', '−'));
/** For uPlot's values, which may be missing. @param {(value: number | null) => string} format @returns {(plot: Plot, value: number | null) => string} */
export const shown = (format) => (_, value) => format(value);

/** @param {string} label @param {number} size @returns {import('uplot').Axis} */
export const axis = (label, size) => ({
  label,
  size,
  labelSize: 18,
  labelGap: 0,
  gap: 3,
  labelFont: FONT,
  font: FONT,
  stroke: () => colour('muted'),
  grid: { stroke: () => colour('line'), width: 1 },
  ticks: { stroke: () => colour('line'), width: 1, size: 5 },
});

/**
 * Draws on top of a plot, in its colours and inside its frame, or nearly so: a dot on the edge stays whole.
 * @param {Plot} plot @param {(context: CanvasRenderingContext2D, x: (value: number) => number, y: (value: number) => number) => void} draw
 */
export function over(plot, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  const edge = EDGE * devicePixelRatio;
  ctx.rect(bbox.left - edge, bbox.top - edge, bbox.width + 2 * edge, bbox.height + 2 * edge);
  ctx.clip();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = colour('text');
  ctx.fillStyle = colour('text');
  ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
  draw(
    ctx,
    (value) => plot.valToPos(value, 'x', true),
    (value) => plot.valToPos(value, 'y', true),
  );
  ctx.restore();
}

/**
 * Puts a plot into its place, instead of one that is there.
 * @param {Element} place @param {Omit<import('uplot').Options, 'width' | 'height'>} options @param {import('uplot').AlignedData} values
 */
export function show(place, options, values) {
  plots.get(place)?.destroy();
  const size = { width: place.clientWidth, height: HEIGHT };
  if (place instanceof HTMLElement)
    plots.set(place, new uPlot({ padding: [10, 14, 0, 0], ...options, ...size }, values, place));
}

for (const part of document.querySelectorAll('.drawn')) part.removeAttribute('hidden');
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) plots.get(target)?.setSize({ width: target.clientWidth, height: HEIGHT });
});
for (const place of document.querySelectorAll('.chart')) sizes.observe(place);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const plot of plots.values()) plot.redraw(false);
});
