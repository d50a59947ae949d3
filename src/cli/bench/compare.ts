/** Two measurements of the same work on the same device: what became slower, and what became faster. */
import * as v from 'valibot';
import { parseJson } from '../../data/files/json.ts';
import { readText } from '../../data/files/read.ts';
import { byName, finite, object, text, whole, yesOrNo } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { align } from '../text/table.ts';

const clocks = v.nullish(object({ source: text, megahertz: byName(finite()) }));

const head = object({
  command: text,
  date: text,
  commit: v.nullable(text),
  device: object({ name: text, driver: text, vendor: text, architecture: text, software: yesOrNo }),
  /** Older documents do not say it. */
  processor: v.optional(object({ name: text, cores: whole(1) })),
  clocks,
  versions: byName(text),
  workload: v.optional(byName(v.union([finite(), text]))),
});

type Head = v.InferOutput<typeof head>;

/** Milliseconds, less than a life has. */
const time = v.pipe(finite(0), v.maxValue(1e13));

const times = object({
  median: v.pipe(time, v.gtValue(0)),
  min: time,
  max: time,
  runs: whole(1),
  low: v.optional(time),
  high: v.optional(time),
});

/** What is meant as {@link times}, be its numbers what they may. */
const meant = object({ median: v.number(), min: v.number(), max: v.number(), runs: v.number() });

/** Times of one thing, and between which bounds their median lies. */
interface Times {
  median: number;
  low: number;
  high: number;
}

/** The new time of one thing over the old one. */
export interface Ratio {
  /** What was timed, e.g. `kernels conv2d.forward 3×3 … tiled`. */
  name: string;
  old: number;
  new: number;
  ratio: number;
  /** The ratio lies between them, with 95 % confidence or more. */
  low: number;
  high: number;
  change: 'slower' | 'faster' | 'none';
}

export interface BenchComparison {
  /** What the two documents say otherwise of where they come from: old and new. */
  changed: Record<string, [old: string, new: string]>;
  ratios: Ratio[];
  /** What only one of them timed. */
  onlyOld: string[];
  onlyNew: string[];
}

/**
 * Compares two files that `bench … --json` wrote.
 *
 * @throws UsageError for measurements of two devices, or of different work @throws CyclopsError for files that are none, or time nothing in common
 */
export function compareBenches(oldPath: string, newPath: string): BenchComparison {
  const [before, after] = [documentAt(oldPath), documentAt(newPath)];
  requireComparable(before, after);
  const names = [...before.times.keys()].filter((name) => after.times.has(name));
  if (names.length === 0) {
    throw new CyclopsError(
      `${oldPath} and ${newPath} time nothing in common: one was written by '${before.head.command}', the other by '${after.head.command}'. Give two of one command.`,
    );
  }
  return {
    changed: changes(before.head, after.head),
    ratios: names.map((name) => ratioOf(name, before.times.get(name), after.times.get(name))),
    onlyOld: [...before.times.keys()].filter((name) => !after.times.has(name)),
    onlyNew: [...after.times.keys()].filter((name) => !before.times.has(name)),
  };
}

/** What got slower than a bound beyond doubt. @param bound e.g. 1.05 for a twentieth */
export function beyond({ ratios }: BenchComparison, bound: number): Ratio[] {
  return ratios.filter(({ low }) => low > bound);
}

interface Document {
  path: string;
  head: Head;
  /** By what was timed. */
  times: ReadonlyMap<string, Times>;
}

/** @throws CyclopsError for a file that is no measurement */
function documentAt(path: string): Document {
  const json = readText(path);
  return { path, head: parseJson(json, head, path), times: timesIn(parseJson(json, v.unknown(), path), path) };
}

function processorText({ name, cores }: NonNullable<Head['processor']>): string {
  return `${name}, ${cores} cores`;
}

/** @throws UsageError for two devices, and for different work */
function requireComparable(before: Document, after: Document): void {
  const device = ({ head: { device, processor } }: Document) => {
    // A software device is the processor.
    const isTold = device.software && before.head.processor && after.head.processor;
    return isTold && processor ? `${device.name} on ${processorText(processor)}` : device.name;
  };
  if (device(before) !== device(after)) {
    throw new UsageError(
      `${before.path} was measured on ${device(before)}, ${after.path} on ${device(after)}: times of two devices say nothing of the code. Measure both on one.`,
    );
  }
  const work = ({ head: { workload = {} } }: Document) =>
    Object.entries(workload)
      .sort()
      .map((pair) => pair.join(' '))
      .join(', ');
  // Older documents leave out what was the only choice.
  const [old, young] = [before, after].map((document) => work(document).replace(/(, )?precision f32/, ''));
  if (old === young) return;
  throw new UsageError(
    `${before.path} measured ${work(before)}, ${after.path} ${work(after)}. Measure the same work twice.`,
  );
}

function changes(before: Head, after: Head): BenchComparison['changed'] {
  const facts = ({
    device,
    processor,
    clocks: rates,
    versions,
    commit,
    command,
    date,
  }: Head): Record<string, string> => ({
    driver: device.driver,
    processor: processor ? processorText(processor) : 'not told',
    clocks: rates
      ? Object.entries(rates.megahertz)
          .map(([part, rate]) => `${part} ${rate} MHz`)
          .join(', ')
      : 'not told',
    ...versions,
    commit: commit ?? 'not told',
    command,
    date,
  });
  const [old, young] = [facts(before), facts(after)];
  const names = Object.keys({ ...old, ...young });
  return Object.fromEntries(
    names.flatMap((name): [string, [string, string]][] => {
      const [was, is] = [old[name] ?? 'none', young[name] ?? 'none'];
      return was === is ? [] : [[name, [was, is]]];
    }),
  );
}

function ratioOf(name: string, before: Times | undefined, after: Times | undefined): Ratio {
  if (!before || !after) throw new Error('What both timed is compared.');
  const [low, high] = [after.low / before.high, after.high / before.low];
  const change = low > 1 ? 'slower' : high < 1 ? 'faster' : 'none';
  return { name, old: before.median, new: after.median, ratio: after.median / before.median, low, high, change };
}

/** What an object in a list is known by. */
const NAMES = ['operation', 'problem', 'variant', 'name'];

/**
 * Every time in a document, by where it stands: the names of keys, and in lists what objects are called.
 *
 * @throws CyclopsError for one that cannot be
 */
function timesIn(document: unknown, source: string): Map<string, Times> {
  const found = new Map<string, Times>();
  const walk = (value: unknown, path: readonly string[]) => {
    if (typeof value !== 'object' || value === null) return;
    const parsed = v.safeParse(times, value);
    if (parsed.success) {
      const { median, min, max, low = min, high = max, runs } = parsed.output;
      // One run says nothing of the next.
      if (runs > 1) found.set(path.filter((part) => part !== 'milliseconds').join(' '), { median, low, high });
      return;
    }
    if (v.is(meant, value))
      throw new CyclopsError(
        `${source}: ${path.join(' ')} holds no times: expected milliseconds above 0 of at least one run; got ${JSON.stringify(value).slice(0, 120)}. Measure again.`,
      );
    for (const [key, inner] of Object.entries(value)) {
      // A ratio, not a time.
      if (key === 'ofFastest') continue;
      const named = Array.isArray(value) ? nameOf(inner) : key;
      walk(inner, [...path, named ?? key]);
    }
  };
  walk(document, []);
  return found;
}

function nameOf(item: unknown): string | null {
  const names = NAMES.flatMap((key) => {
    const value: unknown = Reflect.get(Object(item), key);
    return typeof value === 'string' ? [value] : [];
  });
  return names.length > 0 ? names.join(' ') : null;
}

/** The comparison for people. */
export function comparisonText({ changed, ratios, onlyOld, onlyNew }: BenchComparison, bound: number): string {
  const rows = ratios.map(({ name, ratio, low, high, change, ...times }) => [
    name,
    ...[times.old, times.new].map((ms) => ms.toPrecision(4)),
    ...[`${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`],
    low > bound ? `SLOWER than ${bound}` : change === 'none' ? '' : change,
  ]);
  const counts = (['slower', 'faster'] as const).map(
    (change) => `${ratios.filter((one) => one.change === change).length} ${change}`,
  );
  const alone = (
    [
      ['the old one', onlyOld],
      ['the new one', onlyNew],
    ] as const
  ).flatMap(([which, names]) =>
    names.length > 0 ? [`Timed by ${which} alone: ${names.length}, such as ${names[0]}.`] : [],
  );
  return [
    ...Object.entries(changed).map(([name, [old, young]]) => `${name}: ${old} → ${young}`),
    '',
    ...align([['', 'old', 'new', 'new / old (95 %)', ''], ...rows], (column) => column === 0 || column === 4),
    '',
    `Of ${ratios.length} times ${counts.join(', ')} beyond doubt.`,
    ...alone,
    '',
  ].join('\n');
}
