/** How long a generator's pass and a training step take, on the device and on the host. */
import { noGrad } from '../../autograd/tape.ts';
import type { Capture } from '../../gpu/capture.ts';
import type { Device } from '../../gpu/device.ts';
import { deviceMilliseconds, wallMilliseconds } from '../../kernels/timing.ts';
import { scope } from '../../tensor/scope.ts';
import { align } from '../table.ts';
import { repeat, type Spread, spreadText } from './statistics.ts';
import { type Bench, type Workload, workloadText } from './workload.ts';

/** Milliseconds of one thing recorded launch by launch, and replayed. */
interface Times {
  launches: number;
  /** From the first launch recorded to the last one done; null where nothing is executed. */
  eager: Spread | null;
  captured: Spread | null;
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
  /** Milliseconds of the host to record a step launch by launch. */
  eager: Spread;
  /** Milliseconds of the host to replay a step. */
  replay: Spread;
  microsecondsALaunch: number;
  createdAfterSecondStep: Created;
}

export interface Bar {
  name: string;
  most: number;
  value: number;
  met: boolean;
}

export interface StepResult {
  workload: Workload;
  generator: Times;
  step: Times;
  host: HostCost;
  /** What a step may cost the host: judged on the null backend alone, where nothing competes with it. */
  bars: Bar[];
}

const BARS = { microsecondsALaunch: 4, millisecondsAStep: 15, created: 0 } as const;

/** @param seconds for which each figure is measured again and again at least */
export async function benchStep(device: Device, bench: Bench, seconds: number): Promise<StepResult> {
  const captures: Capture[] = [];
  const capture = (body: () => void) => {
    const captured = device.capture(body);
    captures.push(captured);
    return captured;
  };
  try {
    const { G_A } = bench.model.networks;
    const forward = () => scope(() => void noGrad(() => G_A.forward(bench.a)));
    const generator = await times(device, forward, capture(forward), seconds);
    const step = capture(bench.step);
    const host = await hostCost(device, bench, step, seconds);
    return {
      workload: bench.workload,
      generator,
      step: await times(device, bench.step, step, seconds),
      host,
      bars: device.info.executes ? [] : judge(host),
    };
  } finally {
    for (const captured of captures) captured.dispose();
  }
}

async function times(device: Device, eager: () => void, captured: Capture, seconds: number): Promise<Times> {
  const launches = captured.launches.length;
  if (!device.info.executes) return { launches, eager: null, captured: null, device: null };
  const replay = () => captured.replay();
  return {
    launches,
    eager: await repeat(() => wallMilliseconds(device, eager), 2, seconds),
    captured: await repeat(() => wallMilliseconds(device, replay), 2, seconds),
    device: device.features.has('timestamp-query')
      ? await repeat(() => deviceMilliseconds(device, replay), 1, seconds)
      : null,
  };
}

async function hostCost(device: Device, bench: Bench, captured: Capture, seconds: number): Promise<HostCost> {
  const hostMilliseconds = async (work: () => void) => {
    const start = performance.now();
    work();
    const taken = performance.now() - start;
    await device.fence();
    return taken;
  };
  const eager = await repeat(() => hostMilliseconds(bench.step), 2, seconds);
  const replayed = () => hostMilliseconds(() => captured.replay());
  for (let step = 0; step < 2; step++) await replayed();
  const before = created(device);
  const replay = await repeat(replayed, 0, seconds);
  const after = created(device);
  return {
    eager,
    replay,
    microsecondsALaunch: (1000 * replay.median) / captured.launches.length,
    createdAfterSecondStep: {
      buffers: after.buffers - before.buffers,
      bindGroups: after.bindGroups - before.bindGroups,
      pipelines: after.pipelines - before.pipelines,
    },
  };
}

function created({ pool, pipelines }: Device): Created {
  return { buffers: pool.use.created, ...pipelines.created };
}

function judge({ replay, microsecondsALaunch, createdAfterSecondStep }: HostCost): Bar[] {
  const { buffers, bindGroups, pipelines } = createdAfterSecondStep;
  const bar = (name: string, value: number, most: number) => ({ name, most, value, met: value <= most });
  return [
    bar('host µs a launch in replay', microsecondsALaunch, BARS.microsecondsALaunch),
    bar('host ms a step in replay', replay.median, BARS.millisecondsAStep),
    bar('objects created after the second step', buffers + bindGroups + pipelines, BARS.created),
  ];
}

/** The result for people. */
export function stepText(device: Device, { workload, generator, step, host, bars }: StepResult): string {
  const { buffers, bindGroups, pipelines } = host.createdAfterSecondStep;
  const ms = (value: Spread | null) => (value ? spreadText(value, 1) : '–');
  const row = (name: string, { launches, eager, captured, device: gpu }: Times) => [
    name,
    `${launches}`,
    ...[eager, captured, gpu].map(ms),
  ];
  return [
    `${device.info.name}: ${workloadText(workload)}; ms, median (min to max)`,
    '',
    ...align(
      [
        ['', 'launches', 'eager', 'captured', 'on the device'],
        row('generator forward', generator),
        row('training step', step),
      ],
      (column) => column === 0,
    ),
    '',
    `host: ${spreadText(host.replay, 2)} ms a step in replay, ${host.microsecondsALaunch.toFixed(2)} µs a launch; ` +
      `${spreadText(host.eager, 1)} ms a step eagerly`,
    `created after the second step: ${buffers} buffers, ${bindGroups} bind groups, ${pipelines} pipelines`,
    ...bars.map(
      ({ name, most, value, met }) =>
        `${met ? 'met   ' : 'MISSED'} ${name}: ${Number(value.toFixed(2))}, at most ${most}`,
    ),
    '',
  ].join('\n');
}
