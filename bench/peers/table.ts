/** What the reports say together: the table, the ratios and bars, and whether all computed the same. */
import type { Outcome, Report } from './contender.ts';
import { COLUMNS, type Column } from './problems.ts';

/** How many times faster than the fastest peer on WebGPU Cyclops has to be. */
export const BARS: Readonly<Record<Column, number>> = {
  ...{ conv64: 3, conv256: 3, convT: 3, inorm: 3, generator: 3, step: 12 },
};

/** What computes without WebGPU, and is shown for scale; only its step has a bar. */
const TORCH = 'torch';

/** How many times the time of PyTorch on the CPU a step may take. */
export const TORCH_BAR = 1.5;

/** Results that differ by more than this share of the largest value are not of the same computation. */
const TOLERANCE = 1e-3;

/** A column's ratio; null where Cyclops or all peers are missing. */
export interface Verdict {
  column: Column;
  bar: number;
  fastestPeer: string | null;
  ratio: number | null;
}

export interface Difference {
  contender: string;
  column: Column;
  /** Values compared, and the largest difference as a share of the largest value. */
  count: number;
  difference: number;
  same: boolean;
}

function milliseconds(outcome: Outcome | undefined): number | null {
  return outcome && 'timing' in outcome ? outcome.timing.median : null;
}

/** Splits off Cyclops, which need not be among them. */
function sides(reports: readonly Report[]): { cyclops: Report | undefined; others: Report[] } {
  const isCyclops = ({ name }: Report) => name === 'cyclops';
  return { cyclops: reports.find(isCyclops), others: reports.filter((report) => !isCyclops(report)) };
}

export function judge(reports: readonly Report[]): Verdict[] {
  const { cyclops, others } = sides(reports);
  const peers = others.filter(({ name }) => name !== TORCH);
  return COLUMNS.map((column) => {
    const own = milliseconds(cyclops?.columns[column]);
    const times = peers.flatMap(({ name, columns }) => {
      const ms = milliseconds(columns[column]);
      return ms === null ? [] : { name, ms };
    });
    const fastest = times.sort((a, b) => a.ms - b.ms)[0];
    const ratio = fastest && own !== null ? fastest.ms / own : null;
    return { column, bar: BARS[column], fastestPeer: fastest?.name ?? null, ratio };
  });
}

/** Cyclops' time over PyTorch's on the CPU; null where either is missing. */
export function timesOfTorch(reports: readonly Report[], column: Column): number | null {
  const [own, torch] = ['cyclops', TORCH].map((name) =>
    milliseconds(reports.find((report) => report.name === name)?.columns[column]),
  );
  return own && torch ? own / torch : null;
}

/** The others' results against Cyclops'. */
export function differences(reports: readonly Report[]): Difference[] {
  const { cyclops, others } = sides(reports);
  return others.flatMap(({ name, columns }) =>
    COLUMNS.flatMap((column) => {
      const [expected, found] = [cyclops?.columns[column], columns[column]];
      if (!expected || !found || !('values' in expected) || !('values' in found)) return [];
      const count = Math.min(expected.values.length, found.values.length);
      let [largest, distance] = [0, 0];
      for (let i = 0; i < count; i++) {
        largest = Math.max(largest, Math.abs(expected.values[i]!));
        distance = Math.max(distance, Math.abs(expected.values[i]! - found.values[i]!));
      }
      const difference = distance / largest;
      return { contender: name, column, count, difference, same: difference <= TOLERANCE };
    }),
  );
}

/** Markdown: a row a contender in milliseconds, then the ratios; below it why figures are missing. */
export function table(reports: readonly Report[]): string {
  const rows = reports.map(({ name, version, columns }) => [
    `${name} ${version}`,
    ...COLUMNS.map((column) => {
      const ms = milliseconds(columns[column]);
      return ms === null ? '–' : format(ms);
    }),
  ]);
  const verdicts = judge(reports);
  rows.push([
    'fastest peer / cyclops',
    ...verdicts.map(({ ratio }) => (ratio === null ? '–' : `${ratio.toFixed(1)}×`)),
  ]);
  rows.push(['bar', ...verdicts.map(({ bar }) => `${bar}×`)]);
  if (reports.some(({ name }) => name === TORCH)) {
    const times = COLUMNS.map((column) => timesOfTorch(reports, column));
    rows.push(['cyclops / torch', ...times.map((ratio) => (ratio === null ? '–' : `${ratio.toFixed(2)}×`))]);
  }
  const missing = reports.flatMap(({ name, columns }) =>
    COLUMNS.flatMap((column) => {
      const outcome = columns[column];
      return outcome && 'missing' in outcome ? `${name} ${column}: ${outcome.missing}` : [];
    }),
  );
  const header = ['ms', ...COLUMNS];
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [...lines, ...(missing.length > 0 ? ['', ...missing] : [])].join('\n');
}

function format(ms: number): string {
  return ms >= 1000 ? ms.toLocaleString('en', { maximumFractionDigits: 0 }) : ms.toFixed(ms < 100 ? 1 : 0);
}
