import { expect, test } from 'vitest';
import { chromeTrace } from '../../../src/cli/profile/chrome-trace.ts';
import type { Launch } from '../../../src/gpu/launch.ts';
import type { TimedLaunch } from '../../../src/gpu/profiler.ts';

interface Event {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  args: Record<string, unknown>;
}

function timed(kernel: string, layer: string | null, begin: number, end: number): TimedLaunch {
  const launch: Launch = {
    kernel: { name: kernel, code: '', access: '', constants: { KIND: 2 } },
    bindings: [],
    immediates: new Uint32Array(),
    workgroups: [4, 2, 1],
    label: `${kernel}.label`,
    flops: 12,
    bytes: 34,
    ...(layer !== null && { layer: { path: layer, pass: 'forward' as const } }),
  };
  return { launch, begin, end };
}

const steps = [
  [
    timed('conv', 'G.1', 0, 2000),
    timed('sum', 'G.1', 2500, 3000),
    timed('norm', 'G.2', 3000, 4000),
    timed('adam', null, 5000, 9000),
  ],
  [timed('conv', 'G.1', 0, 1000)],
];
const trace: { traceEvents: Event[]; displayTimeUnit: string } = JSON.parse(chromeTrace('a "device"', steps));

/** The slices of the track of this name. */
function track(name: string): Event[] {
  const { tid } = trace.traceEvents.find(({ ph, args }) => ph === 'M' && args.name === name) ?? {};
  return trace.traceEvents.filter((event) => event.ph === 'X' && event.tid === tid);
}

test('launches in microseconds, with what they do', () => {
  expect(trace.displayTimeUnit).toBe('ms');
  expect(track('kernels').map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
    ['conv', 0, 2],
    ['sum', 2.5, 0.5],
    ['norm', 3, 1],
    ['adam', 5, 4],
    ['conv', 1009, 1],
  ]);
  expect(track('kernels')[0]?.args).toMatchObject({
    label: 'conv.label',
    layer: 'G.1',
    pass: 'forward',
    workgroups: '4 × 2 × 1',
    constants: { KIND: 2 },
    flops: 12,
    bytes: 34,
  });
  expect(track('kernels')[3]?.args).not.toHaveProperty('layer');
});

test('launches of a layer that follow each other are one slice, and steps do not overlap', () => {
  expect(track('layers').map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
    ['G.1 forward', 0, 3],
    ['G.2 forward', 3, 1],
    ['G.1 forward', 1009, 1],
  ]);
  expect(track('steps').map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
    ['step 1', 0, 9],
    ['step 2', 1009, 1],
  ]);
});

test('every event has what the format asks for, and the device gives the process its name', () => {
  expect(trace.traceEvents[0]).toEqual({ name: 'process_name', ph: 'M', pid: 1, tid: 0, args: { name: 'a "device"' } });
  for (const { name, ph, pid, tid, ts, dur } of trace.traceEvents) {
    expect(name).not.toBe('');
    expect([pid, tid].every(Number.isInteger)).toBe(true);
    if (ph === 'X') expect([ts, dur].every(Number.isFinite)).toBe(true);
    else expect(ph).toBe('M');
  }
});
