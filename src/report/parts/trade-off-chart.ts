import type { TradeOff, TradeOffPoint } from '../../anomaly/calibration/trade-off.ts';
import { formatCount } from './format.ts';
import { type Html, html } from './html.ts';

/** Of the drawing, in its own units: the plot, and around it room for the words. */
const PLOT = { left: 46, top: 12, width: 300, height: 130 };
const SIZE = { width: 366, height: 180 };

/** Misses against false alarms of every threshold on the images that calibrated, with the present one marked: drawn without a script. */
export function tradeOffChart({ points, present }: TradeOff, counts: { normal: number; abnormal: number }): Html {
  const most = Math.max(1, present.missed, ...points.map(({ missed }) => missed));
  const widest = Math.max(1, present.falseAlarms, ...points.map(({ falseAlarms }) => falseAlarms));
  const x = ({ falseAlarms }: TradeOffPoint) => PLOT.left + (PLOT.width * falseAlarms) / widest;
  const y = ({ missed }: TradeOffPoint) => PLOT.top + PLOT.height * (1 - missed / most);
  const rounded = (value: number) => Number(value.toFixed(1));
  // From the last point, which has the fewest false alarms: right to the next one's false alarms, then down to its misses.
  const path = points
    .toReversed()
    .map((point, i) =>
      i === 0 ? `M${rounded(x(point))} ${rounded(y(point))}` : `H${rounded(x(point))}V${rounded(y(point))}`,
    )
    .join('');
  const bottom = PLOT.top + PLOT.height;
  const label =
    `Misses against false alarms of other thresholds on the ${counts.normal} normal and ${counts.abnormal} abnormal images that calibrated; ` +
    `the present one misses ${present.missed} and has ${formatCount(present.falseAlarms, 'false alarm')}.`;
  return html`<svg class="trade-off" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${label}">
<path class="axis" d="M${PLOT.left} ${PLOT.top}V${bottom}H${PLOT.left + PLOT.width}"/>
<path class="curve" d="${path}"/>
<circle class="present" cx="${rounded(x(present))}" cy="${rounded(y(present))}" r="5"/>
<text x="${PLOT.left - 6}" y="${PLOT.top + 4}" text-anchor="end">${most}</text><text x="${PLOT.left - 6}" y="${bottom}" text-anchor="end">0</text>
<text x="${PLOT.left}" y="${bottom + 15}" text-anchor="middle">0</text><text x="${PLOT.left + PLOT.width}" y="${bottom + 15}" text-anchor="end">${widest}</text>
<text x="${PLOT.left + PLOT.width / 2}" y="${bottom + 30}" text-anchor="middle">false alarms of ${counts.normal}</text>
<text transform="rotate(-90)" x="${-(PLOT.top + PLOT.height / 2)}" y="14" text-anchor="middle">misses of ${counts.abnormal}</text>
</svg>`;
}
