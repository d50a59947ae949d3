import { formatCount, formatDuration } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import type { Report } from '../parts/report.ts';

/** Where, how long and with what this was made, and how to make it again. */
export function runSection(report: Report): Html {
  const { training, device, dataset } = report;
  const facts: [string, string][] = [
    ['Data set', dataset.name],
    ['Training', `${formatCount(training.steps, 'step')}, ${formatCount(training.epochs, 'epoch')}`],
    ['Training time', formatDuration(training.seconds)],
    ['Device', device.name],
    ['Driver', device.driver],
    ...Object.entries(report.versions),
    ['Made', report.created],
  ];
  return html`<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<details><summary>All options</summary><dl class="facts">${Object.entries(training.configuration).map(
    ([name, value]) => html`<div><dt><code>${name}</code></dt><dd>${String(value)}</dd></div>`,
  )}</dl></details>
${report.command === undefined ? null : html`<h3>Make it again</h3><pre tabindex="0"><code>${report.command}</code></pre>`}
${dataset.attribution === undefined ? null : html`<p class="note">Photographs: ${dataset.attribution}</p>`}`;
}
