import { mean } from '../../src/anomaly/metrics/mean.ts';
import { type HeldOutScore, MISSED, type RuleOutcome } from './figures.ts';

/** What there is to tell of a set. */
export interface HeldOut {
  set: string;
  options: string;
  scores: readonly HeldOutScore[];
  /** AUPRO of the segmenter's map, fold by fold; null without masks. */
  aupro: readonly number[] | null;
  rules: { outcomes: readonly RuleOutcome[]; objects: number };
}

/** @returns Markdown: for each set its scores and rules, and the means of the rules over sets */
export function report(sets: readonly HeldOut[]): string {
  return [...sets.map(section), ...(sets.length > 1 ? [means(sets)] : [])].join('\n\n').concat('\n');
}

function section({ set, options, scores, aupro, rules }: HeldOut): string {
  return [
    `## ${set}`,
    `\`${options}\`${aupro ? `; AUPRO ${fixed(mean(aupro))} (${aupro.map(fixed).join(', ')})` : ''}`,
    table(
      ['score', 'AUROC', 'of each fold', `flagged where ${percent(MISSED)} are missed`],
      scores.map(({ name, aurocs, falseAlarms }) => [
        name,
        fixed(mean(aurocs)),
        aurocs.map(fixed).join(', '),
        percent(mean(falseAlarms)),
      ]),
    ),
    Number.isNaN(rules.objects)
      ? 'A fold has too few objects to draw some that calibrate.'
      : `Where ${rules.objects.toFixed(1)} abnormal objects of a fold calibrate, and the others of it are judged:`,
    ...(Number.isNaN(rules.objects) ? [] : [tableOfRules(rules.outcomes)]),
  ].join('\n\n');
}

function means(sets: readonly HeldOut[]): string {
  const drawn = sets.filter(({ rules }) => !Number.isNaN(rules.objects));
  const outcomes = (drawn[0]?.rules.outcomes ?? []).map(({ rule }, i) => {
    const meanOf = (key: 'missed' | 'flagged') =>
      mean(drawn.map(({ rules }) => rules.outcomes[i]?.[key] ?? Number.NaN));
    return { rule, missed: meanOf('missed'), flagged: meanOf('flagged') };
  });
  return `## Rules, the mean of ${drawn.map(({ set }) => set).join(', ')}\n\n${tableOfRules(outcomes)}`;
}

function tableOfRules(outcomes: readonly RuleOutcome[]): string {
  return table(
    ['rule', 'missed', 'flagged'],
    outcomes.map(({ rule, missed, flagged }) => [rule, percent(missed), percent(flagged)]),
  );
}

const fixed = (value: number) => value.toFixed(3);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
