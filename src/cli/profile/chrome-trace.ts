import { type Launch, layerName } from '../../gpu/launch.ts';
import type { TimedLaunch } from '../../gpu/profiler.ts';

/** A slice of a track, or a name of one, in the form that chrome://tracing and ui.perfetto.dev read. Times are in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

const TRACKS = { steps: 1, layers: 2, kernels: 3 } as const;

/** Microseconds between two steps: their clocks do not know each other. */
const GAP = 1000;

/**
 * Profiled steps, one after another, as a Chrome trace: a track of steps, one of layers, one of kernels.
 *
 * Source: "Trace Event Format", the JSON that Chrome's tracing defines.
 */
export function chromeTrace(device: string, steps: readonly (readonly TimedLaunch[])[]): string {
  const events: TraceEvent[] = [named('process_name', 0, device)];
  for (const [name, tid] of Object.entries(TRACKS)) events.push(named('thread_name', tid, name));
  let start = 0;
  for (const [i, profile] of steps.entries()) {
    const shifted = profile.map((timed) => ({
      ...timed,
      begin: start + timed.begin / 1000,
      end: start + timed.end / 1000,
    }));
    const end = shifted.at(-1)?.end ?? start;
    events.push(slice(TRACKS.steps, `step ${i + 1}`, { begin: start, end }, { launches: profile.length }));
    events.push(...layerSlices(shifted));
    for (const { launch, begin, end } of shifted)
      events.push(slice(TRACKS.kernels, launch.kernel.name, { begin, end }, details(launch)));
    start = end + GAP;
  }
  return JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' });
}

/** One slice for launches of one layer that follow each other. */
function layerSlices(profile: readonly TimedLaunch[]): TraceEvent[] {
  const runs: { name: string; begin: number; end: number; launches: number }[] = [];
  let before: string | null = null;
  for (const { launch, begin, end } of profile) {
    const name = layerName(launch);
    const last = runs.at(-1);
    if (name !== null && name === before && last) {
      last.end = end;
      last.launches += 1;
    } else if (name !== null) {
      runs.push({ name, begin, end, launches: 1 });
    }
    before = name;
  }
  return runs.map(({ name, begin, end, launches }) => slice(TRACKS.layers, name, { begin, end }, { launches }));
}

function details({ label, kernel, layer, workgroups, flops, bytes, bindings }: Launch): TraceEvent['args'] {
  return {
    label,
    ...(layer && { layer: layer.path, pass: layer.pass }),
    workgroups: workgroups.join(' × '),
    ...(Object.keys(kernel.constants).length > 0 && { constants: kernel.constants }),
    bindingBytes: bindings.map(({ size }) => size),
    flops,
    bytes,
  };
}

function slice(
  tid: number,
  name: string,
  { begin, end }: { begin: number; end: number },
  args: TraceEvent['args'],
): TraceEvent {
  return { name, ph: 'X', pid: 1, tid, ts: begin, dur: end - begin, args };
}

function named(what: 'process_name' | 'thread_name', tid: number, name: string): TraceEvent {
  return { name: what, ph: 'M', pid: 1, tid, args: { name } };
}
