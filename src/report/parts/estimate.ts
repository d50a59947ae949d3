import type { Assessment, Estimate } from '../../anomaly/evaluation/assessment.ts';
import { type Html, html } from './html.ts';

/** An interval in small print, such as below its figure; nothing where there is none. */
export function interval(estimate: Estimate | undefined, format: (value: number) => string): Html | null {
  if (!estimate) return null;
  // One unit is enough for both ends.
  return html`<small class="interval">${format(estimate.low).replace(' %', '')} to ${format(estimate.high)}</small>`;
}

/** How the intervals were made. */
export function intervalNote({ bootstrap }: Assessment): Html {
  const { units, grouped, level, resamples, method, seed } = bootstrap;
  const drawn = grouped ? 'groups, which show one object each' : 'images';
  return html`<p class="note">Small print: ${100 * level} % intervals, by ${method} (${resamples} resamples of ${units.normal} normal and ${units.abnormal} abnormal ${drawn}; seed ${seed}). In each resample the thresholds of oracles are chosen anew; calibrated ones are fixed. A share of 0 or 100 % has no width and promises nothing beyond these images; only a bound such as Clopper and Pearson’s does.</p>`;
}
