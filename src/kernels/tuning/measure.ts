/** Compares the variants of an operation with the obvious one, and times them, on random data of a problem's real size. */
import type { DeviceBuffer } from '../../gpu/buffer.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { BufferSlice } from '../../gpu/launch.ts';
import { narrow } from '../cast.ts';
import { copy, fill } from '../elementwise.ts';
import { randomFill } from '../random.ts';
import { DTYPE_BYTES, type FloatDType } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';
import { deviceMilliseconds, wallMilliseconds } from '../timing.ts';
import { type ExampleBuffers, type Operation, supportedVariants, type Variant } from '../variant.ts';
import { compare } from './compare.ts';

export interface Measurement {
  /** The fastest variant that is right; the default where none is. */
  readonly variant: string;
  /** Milliseconds of each variant that is right, where what a step need not do again counts half. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** What is wrong with the others. */
  readonly faults: Readonly<Record<string, string>>;
}

/**
 * How far a variant's output may be from that of the obvious one, as a share of the output's largest value. Rounding stays far below
 * it; a fault lies far above.
 */
const TOLERANCE: Readonly<Record<FloatDType, number>> = { f32: 1e-4, f16: 2e-3 };
/** What outputs hold before a launch, so that a value that is never written shows: NaN in f32, and the f32 made of two NaNs in f16. */
const POISON: Readonly<Record<FloatDType, number>> = { f32: Number.NaN, f16: 4.2698853216161155e37 };
/** A sample is a number of launches that together take about so long: by the clock on the wall, which is good to a millisecond. */
const WALL_MILLISECONDS = 10;
/** The same by the device's own clock, which is much finer. */
const DEVICE_MILLISECONDS = 3;
/** The shortest time of a launch that is believed when launches are counted out: a coarse clock may show none at all. */
const LEAST_MILLISECONDS = 1e-3;
/** Samples of each variant, after those that find how many launches a sample needs. */
const ROUNDS = 5;
/** A variant so many times slower than the best so far gets no further samples, unless it is the default. */
const HOPELESS = 2;
/** But if its sample was shorter than this, it stays for two more rounds: the first may have met a busy moment. */
const SHORT_MILLISECONDS = 300;
const SECOND_CHANCES = 2;
/** A difference below this share is noise. Of variants so close the first wins, in the order of the default choice. */
const NOISE = 0.03;

/** The variants that are worth measuring: those up to the obvious one, in the order of the default choice. */
export function candidates<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
): Variant<Problem, Args>[] {
  const variants = supportedVariants(device, operation, problem);
  const obvious = operation.variants.at(-1);
  return obvious ? variants.slice(0, variants.indexOf(obvious) + 1) : [];
}

/** Measures the variants of an operation that can be the fastest. Nothing else should run on the device meanwhile. */
export async function measure<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
): Promise<Measurement> {
  const buffers = new MeasurementBuffers(device);
  try {
    const args = operation.exampleArguments(problem, buffers);
    const variants = candidates(device, operation, problem);
    const launches = new Map(variants.map((one) => [one.name, () => one.launch(device, problem, args)]));
    const faults = await findFaults(launches, buffers);
    for (const name of Object.keys(faults)) launches.delete(name);
    const milliseconds = await time(device, launches);
    const variant = fastest(milliseconds) ?? variants[0]?.name;
    if (variant === undefined) throw new Error(`No variant of ${operation.name} supports a problem; the last must.`);
    return { variant, milliseconds, faults };
  } finally {
    buffers.dispose();
  }
}

type Launches = ReadonlyMap<string, () => void>;

/** What is wrong with variants, by name. The obvious one is the last and runs first: the others are compared with it. */
async function findFaults(launches: Launches, buffers: MeasurementBuffers): Promise<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const [name, launch] of [...launches].reverse()) {
    const fault = await buffers.faultOf(launch);
    if (fault !== null) faults[name] = fault;
  }
  return faults;
}

/** A variant being timed. */
interface Runner extends Timed {
  readonly name: string;
  /** Calls of `run` in the next sample. */
  repeats: number;
  /** Milliseconds an operation: the least of all samples, since other work on the machine can only make a sample longer. */
  ms: number;
}

/** What is done in a sample. */
interface Timed {
  run(): void;
  /** Operations that a call of `run` does. */
  readonly operations: number;
  dispose(): void;
}

/**
 * A variant as it runs in a captured step, which does not transform an operand again that still stands: x serves the forward pass and the
 * gradient of the weight, its transform the passes of all images, dy both gradients. So that work counts half, whoever else does it.
 */
function asInStep(device: Device, launch: () => void): Timed {
  if (!device.trace(launch).launches.some(({ repeatable }) => repeatable)) {
    return { run: launch, operations: 1, dispose: () => {} };
  }
  const twice = () => {
    launch();
    launch();
  };
  const captured = device.capture(twice, { fused: false });
  return { run: () => captured.replay(), operations: 2, dispose: () => captured.dispose() };
}

/** Milliseconds an operation, by name. */
async function time(device: Device, launches: Launches): Promise<Record<string, number>> {
  const runners: Runner[] = [];
  try {
    for (const [name, launch] of launches) {
      runners.push({ ...asInStep(device, launch), name, repeats: 1, ms: Infinity });
    }
    await takeTurns(device, runners);
    return Object.fromEntries(runners.map(({ name, ms }) => [name, ms]));
  } finally {
    for (const runner of runners) runner.dispose();
  }
}

async function takeTurns(device: Device, runners: readonly Runner[]): Promise<void> {
  // A software adapter computes on the CPU's cores, and what counts there is the time that passes.
  const byWall = device.info.software || !device.features.has('timestamp-query');
  const sample = async (runner: Runner) => {
    const runs = () => {
      for (let i = 0; i < runner.repeats; i++) runner.run();
    };
    const milliseconds = await (byWall ? wallMilliseconds : deviceMilliseconds)(device, runs);
    const each = milliseconds / runner.repeats;
    runner.ms = Math.min(runner.ms, each / runner.operations);
    const filling = Math.ceil((byWall ? WALL_MILLISECONDS : DEVICE_MILLISECONDS) / Math.max(each, LEAST_MILLISECONDS));
    runner.repeats = Math.max(runner.repeats, Math.min(8 * runner.repeats, filling));
  };
  for (const runner of runners) {
    let before: number;
    do {
      before = runner.repeats;
      await sample(runner);
    } while (runner.repeats > 2 * before);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const best = Math.min(...runners.map(({ ms }) => ms));
    const patience = round < SECOND_CHANCES ? SHORT_MILLISECONDS : 0;
    const rivals = runners.filter(
      ({ ms, repeats, operations }, i) => i === 0 || ms <= HOPELESS * best || ms * operations * repeats < patience,
    );
    if (rivals.length < 2) break;
    // Each round begins with another one, so that a machine that grows slower in the middle of a round does not always hit the same.
    const first = round % rivals.length;
    for (const runner of [...rivals.slice(first), ...rivals.slice(0, first)]) await sample(runner);
  }
}

function fastest(milliseconds: Readonly<Record<string, number>>): string | undefined {
  let best: { name?: string; ms: number } = { ms: Infinity };
  for (const [name, ms] of Object.entries(milliseconds)) if (ms < (1 - NOISE) * best.ms) best = { name, ms };
  return best.name;
}

/** A buffer that variants fill. */
interface Output {
  readonly slice: BufferSlice;
  readonly count: number;
  readonly dtype: FloatDType;
  /** What it holds before a launch; null for poison. */
  readonly before: BufferSlice | null;
  /** A copy of what the first right variant left in it; null before there is one. */
  expected: BufferSlice | null;
}

/** The buffers of one measurement: random inputs, and outputs that are poisoned before a launch and compared after it. */
export class MeasurementBuffers implements ExampleBuffers {
  private readonly buffers: DeviceBuffer[] = [];
  private readonly outputs: Output[] = [];

  constructor(private readonly device: Device) {}

  input(count: number, dtype: FloatDType = 'f32'): BufferSlice {
    const { device } = this;
    const slice = this.take(count, dtype);
    const source = { seed: 1, stream: this.buffers.length };
    const fillRandomly = (out: BufferSlice) =>
      randomFill(device, { distribution: 'uniform', source, offset: -1, scale: 2, out, count });
    if (dtype === 'f32') fillRandomly(slice);
    else {
      withTemporary(device, 4 * count, (wide) => {
        fillRandomly(wide);
        narrow(device, { x: wide, out: slice, count });
      });
    }
    return slice;
  }

  output(count: number, dtype: FloatDType = 'f32'): BufferSlice {
    const slice = this.take(count, dtype);
    this.outputs.push({ slice, count, dtype, before: null, expected: null });
    return slice;
  }

  sum(count: number): BufferSlice {
    const [before, slice] = [this.input(count), this.take(count, 'f32')];
    this.outputs.push({ slice, count, dtype: 'f32', before, expected: null });
    return slice;
  }

  /**
   * Launches a variant on poisoned outputs and says what is wrong with what it leaves there, or what error the device reports; null
   * for nothing. The first variant that is right gives the values with which those of the later ones are compared.
   */
  async faultOf(launch: () => void): Promise<string | null> {
    const { device } = this;
    for (const { slice, count, dtype, before } of this.outputs) {
      if (before) copy(device, { x: before, out: slice, count, dtype });
      else fill(device, { value: POISON[dtype], out: slice, count: slice.size / 4 });
    }
    try {
      launch();
      for (const { slice, count, dtype, expected } of this.outputs) {
        const { difference, largest, finite } = await compare(device, { a: slice, b: expected ?? slice, count, dtype });
        if (!finite) return 'it leaves NaN or infinite values';
        if (difference > TOLERANCE[dtype] * largest)
          return `it is off by ${(difference / largest).toPrecision(2)} of the largest value`;
      }
    } catch (error) {
      // A CyclopsError, such as that of a lost device, ends the measurement; any other error is the fault of this variant.
      if (error instanceof CyclopsError || !(error instanceof Error)) throw error;
      return error.message;
    }
    for (const output of this.outputs) output.expected ??= this.copyOf(output);
    return null;
  }

  dispose(): void {
    for (const buffer of this.buffers) this.device.pool.release(buffer);
  }

  private copyOf({ slice, count, dtype }: Output): BufferSlice {
    const kept = this.take(count, dtype);
    copy(this.device, { x: slice, out: kept, count, dtype });
    return kept;
  }

  private take(count: number, dtype: FloatDType): BufferSlice {
    const buffer = this.device.pool.take(DTYPE_BYTES[dtype] * count);
    this.buffers.push(buffer);
    return { buffer, offset: 0, size: 16 * Math.ceil((DTYPE_BYTES[dtype] * count) / 16) };
  }
}
