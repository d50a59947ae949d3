/** How long a generator's pass and a training step take, on the device and on the host. */
import { noGrad } from '../../autograd/tape.ts';
import type { Capture } from '../../gpu/capture.ts';
import type { CaptureOptions, Device } from '../../gpu/device.ts';
import { deviceMilliseconds, wallMilliseconds } from '../../kernels/timing.ts';
import { scope } from '../../tensor/scope.ts';
import { repeat, type Spread, spread, spreadText } from '../profile/statistics.ts';
import { align } from '../text/table.ts';
import { type Bench, type Workload, workloadText } from './workload.ts';

/** Milliseconds of one thing recorded launch by launch, and replayed. */
interface Times {
  launches: number;
  /** From the first launch recorded to the last one done; null where nothing is executed, and where it was left out. */
  eager: Spread | null;
  captured: Spread | null;
  /** A replay when several follow one another without a wait between them, as in training. */
  successive: Spread | null;
  /** The sum of all launches by timestamp queries; null where there are none. */
  device: Spread | null;
}

/** Objects made since the device was opened. */
interface Created {
  buffers: number;
  bindGroups: number;
  pipelines: number;
}

interface HostCost {
  /** Milliseconds of the host to record a step launch by launch; null where that was left out. */
  eager: Spread | null;
  /** Milliseconds of the host to replay a step. */
  replay: Spread;
  microsecondsALaunch: number;
  createdAfterSecondStep: Created;
}

interface Bar {
  name: string;
  most: number;
  value: number;
  met: boolean;
}

interface StepResult {
  workload: Workload;
  generator: Times;
  step: Times;
  /** With every launch by itself; null where that is how it is done, as on software. */
  apart: Times | null;
  host: HostCost;
  /** The most bytes in use while a captured step is replayed. */
  peakBytes: number;
  /** What a step may cost the host: judged on the null backend alone, where nothing competes with it. */
  bars: Bar[];
}

const BARS = { microsecondsALaunch: 4, millisecondsAStep: 4, created: 0 } as const;

/** Replays that follow one another without a wait take about this long together, … */
const SUCCESSIVE_MILLISECONDS = 100;
/** … but there are no fewer and no more of them than this. */
const [LEAST_SUCCESSIVE, MOST_SUCCESSIVE] = [2, 10];

/**
 * @param seconds how long each figure is measured again and again, at least
 * @param withEager whether steps are recorded launch by launch too, whose temporaries take about twice the memory besides
 */
export async function benchStep(
  device: Device,
  bench: Bench,
  seconds: number,
  withEager: boolean,
): Promise<StepResult> {
  const captures: Capture[] = [];
  const capture = (body: () => void, options?: CaptureOptions) => {
    const captured = device.capture(body, options);
    captures.push(captured);
    return captured;
  };
  try {
    const { G_A } = bench.model.networks;
    const forward = () => scope(() => void noGrad(() => bench.model.inPrecision(() => G_A.forward(bench.a))));
    const generator = await measure(device, withEager ? forward : null, capture(forward), seconds);
    const captured = capture(bench.step);
    const step = await measure(device, withEager ? bench.step : null, captured, seconds);
    device.pool.resetPeak();
    captured.replay();
    await device.fence();
    const { peakBytes } = device.pool.use;
    const alone = device.info.software ? null : capture(bench.step, { fused: false });
    return {
      workload: bench.workload,
      generator: generator.times,
      step: step.times,
      apart: alone && (await measure(device, null, alone, seconds)).times,
      host: step.host,
      peakBytes,
      bars: device.info.executes ? [] : barsOf(step.host),
    };
  } finally {
    for (const captured of captures) captured.dispose();
  }
}

async function measure(
  device: Device,
  body: (() => void) | null,
  captured: Capture,
  seconds: number,
): Promise<{ times: Times; host: HostCost }> {
  const launches = captured.launches.length;
  const replay = () => captured.replay();
  const eager = body && (await runs(device, body, 2, seconds));
  for (let step = 0; step < 2; step++) await timed(device, replay);
  const before = created(device);
  const replayed = await runs(device, replay, 0, seconds);
  const after = created(device);
  const host = {
    eager: eager?.host ?? null,
    replay: replayed.host,
    microsecondsALaunch: (1000 * replayed.host.median) / launches,
    createdAfterSecondStep: {
      buffers: after.buffers - before.buffers,
      bindGroups: after.bindGroups - before.bindGroups,
      pipelines: after.pipelines - before.pipelines,
    },
  };
  if (!device.info.executes) {
    return { times: { launches, eager: null, captured: null, successive: null, device: null }, host };
  }
  const enough = Math.ceil(SUCCESSIVE_MILLISECONDS / replayed.wall.median);
  const count = Math.max(LEAST_SUCCESSIVE, Math.min(MOST_SUCCESSIVE, enough));
  const several = () => {
    for (let i = 0; i < count; i++) replay();
  };
  const times = {
    launches,
    eager: eager?.wall ?? null,
    captured: replayed.wall,
    successive: await repeat(async () => (await wallMilliseconds(device, several)) / count, 0, seconds),
    device: device.features.has('timestamp-query')
      ? await repeat(() => deviceMilliseconds(device, replay), 1, seconds)
      : null,
  };
  return { times, host };
}

/** Milliseconds of runs: until the host has handed them over, and until the device is done. */
export async function runs(
  device: Device,
  work: () => void,
  warmUp: number,
  seconds: number,
): Promise<{ host: Spread; wall: Spread }> {
  const host: number[] = [];
  const run = async () => {
    const taken = await timed(device, work);
    host.push(taken.host);
    return taken.wall;
  };
  const wall = await repeat(run, warmUp, seconds);
  return { host: spread(host.slice(warmUp)), wall };
}

async function timed(device: Device, work: () => void): Promise<{ host: number; wall: number }> {
  await device.fence();
  const start = performance.now();
  work();
  const host = performance.now() - start;
  await device.fence();
  return { host, wall: performance.now() - start };
}

function created({ pool, pipelines }: Device): Created {
  return { buffers: pool.use.created, ...pipelines.created };
}

function barsOf({ replay, microsecondsALaunch, createdAfterSecondStep }: HostCost): Bar[] {
  const { buffers, bindGroups, pipelines } = createdAfterSecondStep;
  const bar = (name: string, value: number, most: number) => ({ name, most, value, met: value <= most });
  return [
    bar('host µs a launch in replay', microsecondsALaunch, BARS.microsecondsALaunch),
    bar('host ms a step in replay', replay.median, BARS.millisecondsAStep),
    bar('objects created after the second step', buffers + bindGroups + pipelines, BARS.created),
  ];
}

/** The result for people. */
export function stepText(
  device: Device,
  { workload, generator, step, apart, host, peakBytes, bars }: StepResult,
): string {
  const { buffers, bindGroups, pipelines } = host.createdAfterSecondStep;
  const ms = (value: Spread | null) => (value ? spreadText(value, 1) : '–');
  const row = (name: string, { launches, eager, captured, successive, device: gpu }: Times) => [
    name,
    `${launches}`,
    ...[eager, captured, successive, gpu].map(ms),
  ];
  return [
    `${device.info.name}: ${workloadText(workload)}; ms, median (min to max)`,
    '',
    ...align(
      [
        ['', 'launches', 'eager', 'captured', 'one after another', 'on the device'],
        row('generator forward', generator),
        row('training step', step),
        ...(apart ? [row('its launches by themselves', apart)] : []),
      ],
      (column) => column === 0,
    ),
    '',
    `host: ${spreadText(host.replay, 2)} ms a step in replay, ${host.microsecondsALaunch.toFixed(2)} µs a launch` +
      (host.eager ? `; ${spreadText(host.eager, 1)} ms a step eagerly` : ''),
    `memory: at most ${(peakBytes / 2 ** 20).toFixed(1)} MiB in use during a replay`,
    `created after the second step: ${buffers} buffers, ${bindGroups} bind groups, ${pipelines} pipelines`,
    ...bars.map(
      ({ name, most, value, met }) =>
        `${met ? 'met   ' : 'MISSED'} ${name}: ${Number(value.toFixed(2))}, at most ${most}`,
    ),
    '',
  ].join('\n');
}
