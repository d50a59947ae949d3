import type { BenchSet, Outcome, UnetOutcome } from './outcome.ts';

/** A run that is done, and the U-Net's figures beside it where there are any. */
export interface Entry {
  outcome: Outcome;
  unet: UnetOutcome | null;
}

/** The worst seed may lie so far below the mean. */
const SPREAD = 0.05;
/** A mean of equal figures may fall short of them in its last digit. */
const ROUNDING = 1e-9;

const NOTE =
  '* oracle: chosen on the images reported on. Missed and false alarms are at the threshold from the calibration part, summed over ' +
  'seeds, as are normal images with a hot pixel; hot pixels are those above the threshold of heat maps from there. U-Net: AUROC, AUPRO ' +
  'of bench/peers/torch_unet.py on the same parts. Minutes are those of training, with the networks of folds.';

/** @returns Markdown: a row for each set with the means over its seeds, the means over sets, then every run and the options */
export function report(sets: readonly BenchSet[], entries: readonly Entry[], seeds: number): string {
  const groups = sets.flatMap((set) => {
    const own = entries.filter(({ outcome }) => outcome.set === set.name);
    return own.length > 0 ? [{ set, ...summarise(own) }] : [];
  });
  if (groups.length === 0) return 'No run is done yet.\n';
  const hasUnet = entries.some(({ unet }) => unet);
  const devices = [...new Set(entries.map(({ outcome }) => outcome.device))].join('; ');
  const rows = groups.map(({ set, ...summary }) => setRow(set, summary, seeds));
  const columns = [...rows, meansRow(groups)].map((row) =>
    Object.entries(row)
      .filter(([name]) => hasUnet || !name.startsWith('U-Net'))
      .map(([, cell]) => cell),
  );
  const head = Object.keys(rows[0] ?? {}).filter((name) => hasUnet || !name.startsWith('U-Net'));
  const runs = entries.map(({ outcome }) => runRow(outcome));
  const options = groups.map(({ set, options }) => `- ${set.name}: ${options}`);
  return [
    devices,
    table(head, columns),
    NOTE,
    '## Each run',
    table(
      Object.keys(runs[0] ?? {}),
      runs.map((row) => Object.values(row)),
    ),
    `## Options\n\n${options.join('\n')}`,
  ]
    .join('\n\n')
    .concat('\n');
}

export type Summary = ReturnType<typeof summarise>;

/** Means and sums over the seeds of a set. */
export function summarise(entries: readonly Entry[]) {
  const outcomes = entries.map(({ outcome }) => outcome);
  const aurocs = outcomes.map(({ score }) => score.auroc);
  const auroc = meanOf(aurocs) ?? Number.NaN;
  const worst = Math.min(...aurocs);
  return {
    seeds: outcomes.length,
    auroc,
    worst,
    isSteady: worst >= auroc - SPREAD - ROUNDING,
    aupro: meanOf(outcomes.map(({ pixels }) => pixels?.aupro)),
    hotF1: meanOf(outcomes.map(({ pixels }) => pixels?.hotF1)),
    statistic: meanOf(outcomes.map(({ statistic }) => statistic?.auroc)),
    best: meanOf(outcomes.map(({ best }) => best.auroc)),
    missed: countOf(outcomes.map(({ zfn }) => [zfn.missed, zfn.abnormal])),
    falseAlarms: countOf(outcomes.map(({ zfn }) => [zfn.falseAlarms, zfn.normal])),
    hotNormal: countOf(outcomes.flatMap(({ hotNormal }) => (hotNormal ? [[hotNormal.hot, hotNormal.total]] : []))),
    promised: meanOf(outcomes.map(({ hotNormal }) => hotNormal?.promised)),
    minutes: meanOf(outcomes.map(minutesOf)) ?? 0,
    unet: { masks: unetMeans(entries, 'masks'), labels: unetMeans(entries, 'labels') },
    options: [...new Set(outcomes.map(({ options }) => withoutSeed(options)))].join('; '),
  };
}

function unetMeans(entries: readonly Entry[], from: keyof UnetOutcome) {
  const figures = entries.map(({ unet }) => unet?.[from]);
  return { auroc: meanOf(figures.map((own) => own?.auroc)), aupro: meanOf(figures.map((own) => own?.pixels?.aupro)) };
}

function setRow(set: BenchSet, summary: Summary, seeds: number): Record<string, string> {
  const { auroc, worst, isSteady, aupro, unet, missed, falseAlarms, hotNormal, promised } = summary;
  return {
    set: set.name,
    seeds: summary.seeds < seeds ? `${summary.seeds} of ${seeds}` : `${summary.seeds}`,
    'AUROC, mean': figure(auroc),
    worst: `${figure(worst)}${isSteady ? '' : `, **more than ${SPREAD} below**`}`,
    target: verdict(auroc, set.auroc),
    'AUPRO, mean': figure(aupro),
    'target of AUPRO': verdict(aupro, set.aupro),
    'simplest statistic': figure(summary.statistic),
    'U-Net with masks': pair(unet.masks),
    'U-Net with labels': pair(unet.labels),
    missed: counted(missed),
    'false alarms': counted(falseAlarms),
    'F1 of hot pixels': figure(summary.hotF1),
    'hot normal images': `${counted(hotNormal)}${promised === null ? '' : `, promised ${percent(promised)}`}`,
    'best score*': figure(summary.best),
    minutes: summary.minutes.toFixed(0),
  };
}

/** Each set counts alike, however many images it has. */
function meansRow(groups: readonly Summary[]): Record<string, string> {
  const mean = (of: (summary: Summary) => number | null) => meanOf(groups.map(of));
  const share = (of: (summary: Summary) => Count) => percentOrDash(mean((summary) => shareOf(of(summary))));
  const unet = (from: keyof UnetOutcome) =>
    pair({ auroc: mean((summary) => summary.unet[from].auroc), aupro: mean((summary) => summary.unet[from].aupro) });
  return {
    set: '**mean of the sets**',
    seeds: '',
    'AUROC, mean': figure(mean(({ auroc }) => auroc)),
    worst: figure(mean(({ worst }) => worst)),
    target: '',
    'AUPRO, mean': figure(mean(({ aupro }) => aupro)),
    'target of AUPRO': '',
    'simplest statistic': figure(mean(({ statistic }) => statistic)),
    'U-Net with masks': unet('masks'),
    'U-Net with labels': unet('labels'),
    missed: share(({ missed }) => missed),
    'false alarms': share(({ falseAlarms }) => falseAlarms),
    'F1 of hot pixels': figure(mean(({ hotF1 }) => hotF1)),
    'hot normal images': share(({ hotNormal }) => hotNormal),
    'best score*': figure(mean(({ best }) => best)),
    minutes: mean(({ minutes }) => minutes)?.toFixed(0) ?? '–',
  };
}

function runRow(outcome: Outcome): Record<string, string> {
  const { set, seed, score, zfn, pixels, hotNormal, statistic, sse, best, steps } = outcome;
  return {
    run: `${set}-${seed}`,
    'AUROC (score)': `${figure(score.auroc)} (${score.name}; ${figure(score.calibrationAuroc)} ${placeOf(score.chosenOn)})`,
    'best score*': `${figure(best.auroc)} (${best.score})`,
    "the paper's `sse`": figure(sse),
    'simplest statistic': statistic ? `${figure(statistic.auroc)} (${statistic.name})` : '–',
    missed: `${zfn.missed} of ${zfn.abnormal}`,
    'false alarms': `${zfn.falseAlarms} of ${zfn.normal}`,
    'pixel AUROC, AUPRO': pixels ? `${figure(pixels.auroc)}, ${figure(pixels.aupro)}` : '–',
    'F1 of hot pixels': figure(pixels?.hotF1),
    'best F1*': figure(pixels?.bestF1.value),
    'hot normal images': hotNormal ? `${hotNormal.hot} of ${hotNormal.total}` : '–',
    'steps, time': `${steps}, ${minutesOf(outcome).toFixed(0)} min`,
  };
}

const placeOf = (chosenOn: string) => (chosenOn === 'folds' ? 'by folds' : 'where chosen');

const minutesOf = ({ seconds, foldSeconds }: Outcome) => (seconds + foldSeconds) / 60;

const withoutSeed = (options: string | null) =>
  options === null ? 'not known: another command trained it' : `\`${options.replace(/ --seed \d+/, '')}\``;

/** So many of so many. */
type Count = [count: number, total: number];

const countOf = (counts: readonly number[][]): Count =>
  counts.reduce<Count>(([count, total], [more = 0, of = 0]) => [count + more, total + of], [0, 0]);

const shareOf = ([count, total]: Count): number | null => (total > 0 ? count / total : null);

/** Of those that are known; null where none is. */
function meanOf(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

function verdict(value: number | null, target: number | null): string {
  if (target === null) return '–';
  return `≥ ${target}, ${value !== null && value >= target - ROUNDING ? 'met' : '**missed**'}`;
}

const figure = (value: number | null | undefined) => value?.toFixed(3) ?? '–';
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const percentOrDash = (share: number | null) => (share === null ? '–' : percent(share));
const counted = (count: Count) =>
  count[1] > 0 ? `${count[0]} of ${count[1]} (${percentOrDash(shareOf(count))})` : '–';

const pair = ({ auroc, aupro }: { auroc: number | null; aupro: number | null }) =>
  auroc === null ? '–' : `${figure(auroc)}${aupro === null ? '' : `, ${figure(aupro)}`}`;

function table(head: readonly string[], rows: readonly string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
