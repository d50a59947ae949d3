import type { OperatingPoint } from '../../anomaly/evaluation/assessment.ts';
import { interval, intervalNote } from '../parts/estimate.ts';
import { formatPercent, formatScore } from '../parts/format.ts';
import { type Html, html } from '../parts/html.ts';
import { ORACLE_NOTE, star } from '../parts/oracle.ts';
import type { Report } from '../parts/report.ts';

interface Column {
  name: string;
  point: OperatingPoint;
}

/** What the score that decides does at the calibrated threshold, beside what hindsight could reach; nothing without both classes. */
export function figuresSection({ evaluation, assessment }: Report): Html | null {
  const { chosen, counts, scores } = evaluation;
  const score = assessment.scores[chosen.score];
  if (!score?.calibrated || !score.bestAccuracy || !score.zfn) return null;
  const label = scores.find(({ info }) => info.name === chosen.score)?.info.label ?? chosen.score;
  const columns: Column[] = [
    { name: `Calibrated${star(score.calibrated.oracle)}`, point: score.calibrated },
    { name: 'Oracle*: best accuracy', point: score.bestAccuracy },
    { name: 'Oracle*: none missed', point: score.zfn },
  ];
  const share = (name: string, note: string, of: 'accuracy' | 'recall' | 'specificity') =>
    row(
      name,
      note,
      columns,
      ({ [of]: estimate }) => html`${formatPercent(estimate.value)}${interval(estimate, formatPercent)}`,
    );
  return html`<div class="scroll" role="group" aria-label="Calibrated against oracle" tabindex="0"><table>
<caption>${label}, which decides, on ${counts.normal} normal and ${counts.abnormal} abnormal images</caption>
<thead><tr><th scope="col">At the threshold</th>${columns.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>
${row('Threshold', 'flagged from this score on', columns, ({ threshold }) => html`${formatScore(threshold.value)}`)}
${row('Missed', 'abnormal, not flagged', columns, ({ missed }) => html`${missed}`)}
${row('False alarms', 'normal, flagged', columns, ({ falseAlarms }) => html`${falseAlarms}`)}
${share('Recall', 'abnormal images flagged', 'recall')}
${share('Specificity', 'normal images passed', 'specificity')}
${share('Accuracy', 'images judged right', 'accuracy')}
</tbody></table></div>
${intervalNote(assessment)}
${ORACLE_NOTE}`;
}

function row(name: string, note: string, columns: readonly Column[], cell: (point: OperatingPoint) => Html): Html {
  return html`<tr><th scope="row">${name}<small>${note}</small></th>${columns.map(
    ({ point }, i) => html`<td class="number${i === 0 ? ' strong' : ' oracle'}">${cell(point)}</td>`,
  )}</tr>
`;
}
