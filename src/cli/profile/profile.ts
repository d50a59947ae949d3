/** What a profile says of where the time of a step goes: by kernel, by layer, launch by launch as a trace. */
import type { Command } from 'commander';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import type { Device } from '../../gpu/device.ts';
import { type Launch, layerName } from '../../gpu/launch.ts';
import type { TimedLaunch } from '../../gpu/profiler.ts';
import { type Ceilings, leastSeconds, measureCeilings } from '../../kernels/ceilings.ts';
import { requireOutput, textKind } from '../../workflow/common/outputs.ts';
import { align } from '../text/table.ts';
import { chromeTrace } from './chrome-trace.ts';
import { type Spread, spread, spreadText } from './statistics.ts';

/** Layers that a table of a whole step shows. */
const SHOWN_LAYERS = 40;

export interface ProfileOptions {
  profile?: boolean;
  /** Also profiles. */
  trace?: string;
}

export function addProfileOptions(command: Command): Command {
  return command
    .option('--profile', 'time every launch of a few steps, and show where the time goes by kernel and by layer')
    .option('--trace <file>', 'profile, and write the launches as a Chrome trace, which ui.perfetto.dev opens');
}

const TRACE = textKind('a trace', /^\{"traceEvents":\[\{"name":"process_name"/);

/** Refuses a file for a trace that would overwrite something else, before anything is profiled. @throws UsageError */
export function requireTrace({ trace }: ProfileOptions): void {
  if (trace !== undefined) requireOutput('--trace', trace, TRACE);
}

/** How fast launches were that took some time together. */
export interface Throughput {
  launches: number;
  milliseconds: Spread;
  flops: number;
  bytes: number;
  gflopsPerSecond: number;
  gigabytesPerSecond: number;
  /** The least time that the device's ceilings allow, over the time taken. */
  ofCeiling: number;
}

/** By the launches' own counts and the median of the times. */
export function throughput(launches: readonly Launch[], milliseconds: Spread, ceilings: Ceilings): Throughput {
  const sum = (value: (launch: Launch) => number) => launches.reduce((total, launch) => total + value(launch), 0);
  const [flops, bytes] = [sum((launch) => launch.flops), sum((launch) => launch.bytes)];
  const seconds = milliseconds.median / 1000;
  return {
    launches: launches.length,
    ...{ milliseconds, flops, bytes },
    gflopsPerSecond: flops / seconds / 1e9,
    gigabytesPerSecond: bytes / seconds / 1e9,
    ofCeiling: sum((launch) => leastSeconds(launch, ceilings)) / seconds,
  };
}

/** The launches of one step that have a name in common. */
export interface ProfileRow extends Throughput {
  name: string;
  /** Of the time of all launches. */
  share: number;
}

/** Launches of several profiled steps by name, in the order of their first launch; those without a name are left out. */
export function group(
  steps: readonly (readonly TimedLaunch[])[],
  ceilings: Ceilings,
  nameOf: (launch: Launch) => string | null,
): ProfileRow[] {
  const groups = new Map<string, { launches: Launch[]; milliseconds: number[] }>();
  let total = 0;
  for (const [step, profile] of steps.entries()) {
    for (const { launch, begin, end } of profile) {
      const milliseconds = (end - begin) / 1e6;
      total += milliseconds / steps.length;
      const name = nameOf(launch);
      if (name === null) continue;
      const found = groups.get(name) ?? { launches: [], milliseconds: steps.map(() => 0) };
      groups.set(name, found);
      found.milliseconds[step] = (found.milliseconds[step] ?? 0) + milliseconds;
      if (step === 0) found.launches.push(launch);
    }
  }
  return [...groups].map(([name, { launches, milliseconds }]) => {
    const time = spread(milliseconds);
    return { name, share: time.median / total, ...throughput(launches, time, ceilings) };
  });
}

/** Rows as a table for people, so many at most. @param what they have in common, e.g. `kernel` */
export function rowsText(what: string, rows: readonly ProfileRow[], most = rows.length): string {
  const header = [what, 'share', ...THROUGHPUT_HEADER];
  const lines = rows.slice(0, most).map((row) => [row.name, percent(row.share), ...throughputCells(row)]);
  const rest = rows.slice(most);
  const restShare = rest.reduce((sum, { share }) => sum + share, 0);
  const note = rest.length > 0 ? `… and ${rest.length} more, ${percent(restShare)}\n` : '';
  return `${align([header, ...lines], (column) => column === 0).join('\n')}\n${note}`;
}

/** The columns of {@link throughputCells}. */
export const THROUGHPUT_HEADER = ['launches', 'ms, median (min to max)', 'GFLOP/s', 'GB/s', 'of ceiling'];

export function throughputCells(throughput: Throughput): string[] {
  const { launches, milliseconds, gflopsPerSecond, gigabytesPerSecond, ofCeiling } = throughput;
  const speeds = [gflopsPerSecond, gigabytesPerSecond].map((value) => value.toFixed(1));
  return [`${launches}`, spreadText(milliseconds, 2), ...speeds, percent(ofCeiling)];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The ceilings in one line. */
export function ceilingsText(ceilings: Ceilings): string {
  const { copyBytesPerSecond, f32FlopsPerSecond, f16FlopsPerSecond, matrix, launchSeconds } = ceilings;
  const giga = (value: number) => (value / 1e9).toFixed(1);
  const rates = [
    `copy ${giga(copyBytesPerSecond)} GB/s`,
    `f32 ${giga(f32FlopsPerSecond)} GFLOP/s`,
    ...(f16FlopsPerSecond === null ? [] : [`f16 ${giga(f16FlopsPerSecond)} GFLOP/s`]),
    ...(matrix ? [`matrices ${matrix.shape} ${giga(matrix.flopsPerSecond)} GFLOP/s`] : []),
    `a launch ${(1e6 * launchSeconds).toFixed(1)} µs`,
  ];
  return `ceilings of this device: ${rates.join(', ')}`;
}

/** Results of a profile for `--json`. */
interface ProfileResult {
  ceilings: Ceilings;
  kernels: ProfileRow[];
  layers: ProfileRow[];
}

/** Groups profiled steps, the largest first, and writes the trace that is asked for. */
export function profileResult(
  device: Device,
  steps: readonly (readonly TimedLaunch[])[],
  ceilings: Ceilings,
  { trace }: ProfileOptions,
): ProfileResult {
  if (trace !== undefined) writeFileAtomic(trace, chromeTrace(device.info.name, steps));
  const largestFirst = (rows: ProfileRow[]) => rows.sort((a, b) => b.milliseconds.median - a.milliseconds.median);
  return {
    ceilings,
    kernels: largestFirst(group(steps, ceilings, ({ kernel }) => kernel.name)),
    layers: largestFirst(group(steps, ceilings, (launch) => layerName(launch) ?? 'outside of layers')),
  };
}

/** {@link ProfileResult} for people. */
export function profileText({ ceilings, kernels, layers }: ProfileResult): string {
  return `${ceilingsText(ceilings)}\n\n${rowsText('kernel', kernels)}\n${rowsText('layer', layers, SHOWN_LAYERS)}`;
}

/** A profile of steps that come one by one, reported at the end. */
interface OpenProfile {
  add(step: TimedLaunch[]): void;
  /** Measures the device's ceilings and prints what the steps say. */
  report(): Promise<void>;
}

/** Null unless a profile is asked for. @throws CyclopsError when the device cannot time launches */
export async function openProfile(device: Device, options: ProfileOptions): Promise<OpenProfile | null> {
  if (!options.profile && options.trace === undefined) return null;
  await device.profile(() => {});
  const steps: TimedLaunch[][] = [];
  return {
    add: (step) => void steps.push(step),
    async report() {
      if (steps.length === 0) {
        process.stderr.write('Too few steps for a profile: it takes the third to the fifth.\n');
        return;
      }
      const result = profileResult(device, steps, await measureCeilings(device), options);
      process.stdout.write(`${profileText(result)}\n`);
    },
  };
}
