/** What a device can do at most, measured: the lines of a roofline. */

import { DeviceBuffer } from '../gpu/buffer.ts';
import type { Device } from '../gpu/device.ts';
import type { MatrixConfig } from '../gpu/host/adapter.ts';
import { type BufferSlice, ceilDiv, f32, immediates, type Kernel, type Launch } from '../gpu/launch.ts';
import { fill } from './elementwise.ts';
import { flatGrid } from './flat-grid.ts';
import { kernel, sourceText } from './source.ts';
import { deviceMilliseconds, wallMilliseconds } from './timing.ts';

export interface Ceilings {
  /** Bytes a second that a kernel copies from memory to memory; what is read and what is written both count. */
  readonly copyBytesPerSecond: number;
  /** Multiply-adds on registers count two. */
  readonly f32FlopsPerSecond: number;
  /** Null where the device has no f16. */
  readonly f16FlopsPerSecond: number | null;
  /** Matrix products of subgroups, f16 operands and f32 results, in the fastest shape that is offered; null where none is. */
  readonly matrix: MatrixRate | null;
  /** The same in all shapes, as the device lists them. */
  readonly matrices: readonly MatrixRate[];
  /** Seconds from one launch to the next when they do nothing, the host's work included. */
  readonly launchSeconds: number;
}

/** How fast a device multiplies matrices of one shape. */
export interface MatrixRate {
  /** e.g. `16×16×16 f16→f32`. */
  readonly shape: string;
  readonly flopsPerSecond: number;
}

/** The least seconds that a launch can take: for its FLOP or for its bytes, whichever is more. */
export function leastSeconds({ flops, bytes, matrices }: Launch, ceilings: Ceilings): number {
  const rate = (matrices && ceilings.matrix?.flopsPerSecond) || ceilings.f32FlopsPerSecond;
  return Math.max(flops / rate, bytes / ceilings.copyBytesPerSecond);
}

/** Larger than any cache; half as large where that is all that a binding may have. */
const COPY_BYTES = 2 ** 27;
const INVOCATIONS = 2 ** 18;
const FLOPS_PER_ROUND = 2 * 96;
const MATRIX_WORKGROUPS = 2048;
const MATRIX_LANES = 128;
const EMPTY_LAUNCHES = 1024;
/** Long enough for the clock and for a processor to reach its speed. */
const MILLISECONDS = 30;
const REPEATS = 5;
/** Two f16 ones, as one f32. */
const TWO_F16_ONES = 0.007826805114746094;

/** Measures the ceilings of a device; takes about two seconds on a CPU. @throws CyclopsError on the null backend */
export async function measureCeilings(device: Device): Promise<Ceilings> {
  const matrices = await matrixRates(device);
  return {
    copyBytesPerSecond: await copyRate(device),
    f32FlopsPerSecond: await multiplyAddRate(device, 'ceilings/fma-f32', 16),
    f16FlopsPerSecond: device.features.has('shader-f16') ? await multiplyAddRate(device, 'ceilings/fma-f16', 8) : null,
    matrix: [...matrices].sort((a, b) => b.flopsPerSecond - a.flopsPerSecond)[0] ?? null,
    matrices,
    launchSeconds: await launchCost(device),
  };
}

async function matrixRates(device: Device): Promise<MatrixRate[]> {
  const rates: MatrixRate[] = [];
  for (const config of device.info.matrixConfigs) {
    if (config.component === 'f16' && config.result === 'f32') rates.push(await matrixRate(device, config));
  }
  return rates;
}

async function copyRate(device: Device): Promise<number> {
  const size = Math.min(COPY_BYTES, device.limits.maxStorageBufferBindingSize);
  const rate = async (x: BufferSlice, out: BufferSlice) => {
    fill(device, { value: 1, out: x, count: size / 4 });
    const seconds = await shortest(device, () =>
      device.launch({
        kernel: kernel('ceilings/copy'),
        bindings: [x, out],
        immediates: immediates(size / 16),
        workgroups: flatGrid(device, size / 16),
        label: 'ceiling.copy',
        flops: 0,
        bytes: 2 * size,
      }),
    );
    return (2 * size) / seconds;
  };
  return withBuffer(device, size, (x) => withBuffer(device, size, (out) => rate(x, out)));
}

async function multiplyAddRate(device: Device, source: string, bytesPerVec4: number): Promise<number> {
  const flopsPerRound = INVOCATIONS * FLOPS_PER_ROUND;
  return withBuffer(device, INVOCATIONS * bytesPerVec4, (out) =>
    rateOfRounds(device, flopsPerRound, (rounds) =>
      device.launch({
        kernel: kernel(source),
        bindings: [out],
        immediates: immediates(rounds, f32(0.999), f32(0.001)),
        workgroups: [INVOCATIONS / 64, 1, 1],
        label: 'ceiling.multiplyAdd',
        flops: flopsPerRound * rounds,
        bytes: 0,
      }),
    ),
  );
}

async function matrixRate(device: Device, config: MatrixConfig): Promise<MatrixRate> {
  const { m, n, k } = config;
  const code = matrixKernel(config);
  const subgroups = ceilDiv(MATRIX_LANES, device.info.subgroupSize.min);
  const results = 4 * m * n * subgroups * MATRIX_WORKGROUPS;
  const flopsPerRound = 2 * k * results;
  const rate = (operands: BufferSlice, out: BufferSlice) => {
    fill(device, { value: TWO_F16_ONES, out: operands, count: operands.size / 4 });
    return rateOfRounds(device, flopsPerRound, (rounds) =>
      device.launch({
        kernel: code,
        bindings: [operands, out],
        immediates: immediates(rounds, subgroups),
        workgroups: [MATRIX_WORKGROUPS, 1, 1],
        label: 'ceiling.matrix',
        flops: flopsPerRound * rounds,
        bytes: 0,
      }),
    );
  };
  const flopsPerSecond = await withBuffer(device, 2 * Math.max(m * k, k * n), (operands) =>
    withBuffer(device, 4 * results, (out) => rate(operands, out)),
  );
  return { shape: `${m}×${n}×${k} f16→f32`, flopsPerSecond };
}

/** The kernel's file with the device's shape in place of its own. */
function matrixKernel({ m, n, k }: MatrixConfig): Kernel {
  const shape: Record<string, number> = { M: m, N: n, K: k };
  const code = sourceText('ceilings/matrix').replace(
    /^const ([MNK]) = \d+;$/gm,
    (_, name: string) => `const ${name} = ${shape[name]};`,
  );
  return { name: 'ceilings/matrix', code, access: 'rw', constants: {} };
}

/** Time from launch to launch of a kernel that stores one value. */
async function launchCost(device: Device): Promise<number> {
  return withBuffer(device, 16, async (out) => {
    const burst = () => {
      for (let i = 0; i < EMPTY_LAUNCHES; i++) fill(device, { value: 0, out, count: 4 });
    };
    let best = Infinity;
    for (let i = 0; i <= REPEATS; i++) best = Math.min(best, await wallMilliseconds(device, burst));
    return best / 1000 / EMPTY_LAUNCHES;
  });
}

/** FLOP/s of a kernel that does `flops` a round, with as many rounds as it takes to measure it. */
async function rateOfRounds(device: Device, flops: number, launch: (rounds: number) => void): Promise<number> {
  let rounds = 16;
  while (1000 * (await shortest(device, () => launch(rounds), 1)) < MILLISECONDS) rounds *= 2;
  return (flops * rounds) / (await shortest(device, () => launch(rounds)));
}

/** Seconds of the fastest of several runs: what else runs on a device only ever adds. */
async function shortest(device: Device, work: () => void, repeats = REPEATS): Promise<number> {
  let best = Infinity;
  for (let i = 0; i <= repeats; i++) {
    const milliseconds = await deviceMilliseconds(device, work);
    // The first compiles the kernel and touches the memory.
    if (i > 0) best = Math.min(best, milliseconds);
  }
  return best / 1000;
}

/** A buffer for as long as `use` runs; not one of the pool's, which would keep it. */
async function withBuffer<T>(device: Device, size: number, use: (slice: BufferSlice) => Promise<T>): Promise<T> {
  const memory = device.gpu.createBuffer({ label: 'ceiling', size, usage: GPUBufferUsage.STORAGE });
  try {
    return await use({ buffer: new DeviceBuffer(size, memory), offset: 0, size });
  } finally {
    memory.destroy();
  }
}
