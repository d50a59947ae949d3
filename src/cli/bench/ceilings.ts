/** What the device can do at most, and what a launch costs that does nothing. */
import { DeviceBuffer } from '../../gpu/buffer.ts';
import type { Device } from '../../gpu/device.ts';
import { type Ceilings, measureCeilings } from '../../kernels/ceilings.ts';
import { fill } from '../../kernels/elementwise.ts';
import { deviceMilliseconds } from '../../kernels/timing.ts';
import { ceilingsText } from '../profile/profile.ts';
import { repeat, type Spread, spreadText } from '../profile/statistics.ts';
import { runs } from './step.ts';

/** Microseconds for each of many launches in a row that store one vector. */
interface LaunchCost {
  /** Of the host alone: recorded anew, and replayed. */
  hostEager: Spread;
  hostReplay: Spread;
  /** From one launch to the next in a replay, host and device together. */
  replay: Spread;
  /** On the device, each in a pass of its own; null without timestamp queries. */
  device: Spread | null;
}

interface CeilingsResult {
  ceilings: Ceilings;
  emptyLaunch: LaunchCost;
}

const LAUNCHES = 1000;

/** @throws CyclopsError on the null backend */
export async function benchCeilings(device: Device, seconds: number): Promise<CeilingsResult> {
  return {
    ceilings: await measureCeilings(device),
    emptyLaunch: await launchCost(device, seconds),
  };
}

async function launchCost(device: Device, seconds: number): Promise<LaunchCost> {
  const size = 16;
  const memory = device.gpu.createBuffer({ label: 'empty launch', size, usage: GPUBufferUsage.STORAGE });
  const out = { buffer: new DeviceBuffer(size, memory), offset: 0, size };
  const burst = () => {
    for (let i = 0; i < LAUNCHES; i++) fill(device, { value: 0, out, count: 4 });
  };
  const capture = device.capture(burst);
  const microseconds = ({ runs, ...milliseconds }: Spread): Spread => {
    const { median, low, high, min, max } = milliseconds;
    const each = (value: number) => (1000 / LAUNCHES) * value;
    return { median: each(median), low: each(low), high: each(high), min: each(min), max: each(max), runs };
  };
  try {
    const eager = await runs(device, burst, 1, seconds);
    const replay = await runs(device, () => capture.replay(), 1, seconds);
    const onDevice = device.features.has('timestamp-query')
      ? await repeat(() => deviceMilliseconds(device, () => capture.replay()), 1, seconds)
      : null;
    return {
      hostEager: microseconds(eager.host),
      hostReplay: microseconds(replay.host),
      replay: microseconds(replay.wall),
      device: onDevice && microseconds(onDevice),
    };
  } finally {
    capture.dispose();
    memory.destroy();
  }
}

/** The result for people. */
export function ceilingsReport(device: Device, { ceilings, emptyLaunch }: CeilingsResult): string {
  const { hostEager, hostReplay, replay, device: onDevice } = emptyLaunch;
  const microseconds = (cost: Spread | null) => (cost ? `${spreadText(cost, 2)} µs` : 'not known without timestamps');
  return [
    device.info.name,
    ceilingsText(ceilings),
    ...ceilings.matrices.map(
      ({ shape, flopsPerSecond }) => `matrices ${shape}: ${(flopsPerSecond / 1e9).toFixed(1)} GFLOP/s`,
    ),
    `a launch that does nothing: host ${microseconds(hostEager)} recorded, ${microseconds(hostReplay)} replayed; ` +
      `${microseconds(replay)} from one to the next; ${microseconds(onDevice)} on the device`,
    '',
  ].join('\n');
}
