/** What a training step keeps in memory. */
import type { Device } from '../../gpu/device.ts';
import { align } from '../text/table.ts';
import { type Bench, type Workload, workloadText } from './workload.ts';

/** All in bytes. */
interface MemoryResult {
  workload: Workload;
  parameters: number;
  /** Their copies in f16, in mixed precision. */
  halves: number;
  gradients: number;
  /** First and second moments of Adam. */
  moments: number;
  /** Images that the discriminators are shown again. */
  pools: number;
  /** What a captured step makes and drops: the places that its temporaries share, and the least that any plan would need. */
  plan: { bytes: number; lowerBound: number; buffers: number };
  /** In use while a captured step is replayed, all of the above included. */
  live: number;
  /** The most in use during replays, and during eager steps. */
  peak: { captured: number; eager: number };
}

export async function benchMemory(device: Device, bench: Bench): Promise<MemoryResult> {
  const { use } = device.pool;
  const peakOf = async (step: () => void) => {
    // The first step makes what outlives it.
    step();
    device.pool.resetPeak();
    step();
    await device.fence();
    return use.peakBytes;
  };
  const capture = device.capture(bench.step);
  const captured = await peakOf(() => capture.replay());
  const live = use.liveBytes;
  capture.dispose();
  const eager = await peakOf(bench.step);
  const { generatorOptimiser, discriminatorOptimisers, pools } = bench.model;
  const optimisers = [generatorOptimiser, ...discriminatorOptimisers];
  const packed = optimisers.reduce((sum, adam) => sum + adam.packedBytes, 0);
  return {
    workload: bench.workload,
    parameters: packed,
    halves: optimisers.reduce((sum, adam) => sum + adam.halfBytes, 0),
    gradients: packed,
    moments: 2 * packed,
    pools: pools.fakeA.bytes + pools.fakeB.bytes,
    plan: capture.memory,
    live,
    peak: { captured, eager },
  };
}

/** The result for people. */
export function memoryText(device: Device, result: MemoryResult): string {
  const { workload, parameters, halves, gradients, moments, pools, plan, live, peak } = result;
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const least = peak.captured - plan.bytes + plan.lowerBound;
  const rows: [string, number, string][] = [
    ['parameters', parameters, ''],
    ...(halves > 0 ? [['parameters as f16', halves, ''] satisfies [string, number, string]] : []),
    ['gradients', gradients, ''],
    ["Adam's moments", moments, ''],
    ['image pools', pools, ''],
    [
      'temporaries of a captured step',
      plan.bytes,
      `in ${plan.buffers} buffers; any plan needs ${mebibytes(plan.lowerBound)}`,
    ],
    ['live in replay', live, ''],
    ['peak in replay', peak.captured, `${(peak.captured / least).toFixed(3)} × the least that any plan needs`],
    ['peak of eager steps', peak.eager, ''],
  ];
  return [
    `${device.info.name}: ${workloadText(workload)}`,
    '',
    ...align(
      rows.map(([name, bytes, remark]) => [name, mebibytes(bytes), remark]),
      (column) => column !== 1,
    ),
    '',
  ].join('\n');
}
