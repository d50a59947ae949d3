/** Compares and times the variants of an operation on data of a problem's real size. */
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
import { type Operation, type Stage, supportedVariants, type Variant } from '../variant.ts';
import { compare } from './compare.ts';

export interface Measurement {
  /** The fastest variant that is right; the default where none is. */
  readonly variant: string;
  /** Milliseconds a launch of each variant that is right. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** What is wrong with the others. */
  readonly faults: Readonly<Record<string, string>>;
}

/** How far a variant may be from the obvious one, as a share of an output's largest value: far above rounding, far below a fault. */
const TOLERANCE: Readonly<Record<FloatDType, number>> = { f32: 1e-4, f16: 2e-3 };
/** What outputs hold before a launch: the f32 NaN, and the f32 whose two halves are f16 NaNs. */
const POISON: Readonly<Record<FloatDType, number>> = { f32: Number.NaN, f16: 4.2698853216161155e37 };
/** Launches are repeated for about so long between two looks at the clock: that of the wall is only good to a millisecond, … */
const WALL_MILLISECONDS = 10;
/** … that of a device to far less. */
const DEVICE_MILLISECONDS = 3;
/** No launch counts as shorter when they are counted out: a coarse clock may show none at all. */
const LEAST_MILLISECONDS = 1e-3;
const ROUNDS = 5;
/** A variant that is so many times slower than the best is not timed again, unless it is the default, … */
const HOPELESS = 2;
/** … or for two more samples if they are shorter than this: the first may have met a busy moment. */
const SHORT_MILLISECONDS = 300;
const SECOND_CHANCES = 2;
/** Faster by less than this is noise; the one that comes first in the order of the default choice wins then. */
const NOISE = 0.03;

/** The variants that are worth measuring, in the order of the default choice: up to the obvious one. */
export function candidates<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
): Variant<Problem, Args>[] {
  const variants = supportedVariants(device, operation, problem);
  const obvious = operation.variants.at(-1);
  return obvious ? variants.slice(0, variants.indexOf(obvious) + 1) : [];
}

/** Measures the {@link candidates} of an operation. Nothing else should run on the device meanwhile. */
export async function measure<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
): Promise<Measurement> {
  const stage = new RehearsalStage(device);
  try {
    const args = operation.rehearse(problem, stage);
    const variants = candidates(device, operation, problem);
    const launches = new Map(variants.map((one) => [one.name, () => one.launch(device, problem, args)]));
    const faults = await findFaults(launches, stage);
    for (const name of Object.keys(faults)) launches.delete(name);
    const milliseconds = await time(device, launches);
    const variant = fastest(milliseconds) ?? variants[0]?.name;
    if (variant === undefined) throw new Error(`No variant of ${operation.name} supports a problem; the last must.`);
    return { variant, milliseconds, faults };
  } finally {
    stage.dispose();
  }
}

type Launches = ReadonlyMap<string, () => void>;

/** What is wrong with variants, by name, compared with the last that runs, which is the obvious one. */
async function findFaults(launches: Launches, stage: RehearsalStage): Promise<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const [name, launch] of [...launches].reverse()) {
    const fault = await stage.faultOf(launch);
    if (fault !== null) faults[name] = fault;
  }
  return faults;
}

/** A variant being timed. */
interface Runner {
  readonly name: string;
  readonly launch: () => void;
  /** Launches in the next sample. */
  repeats: number;
  /** Milliseconds a launch: the least of all samples, since a busy machine only ever adds. */
  ms: number;
}

/** Milliseconds a launch, by name. */
async function time(device: Device, launches: Launches): Promise<Record<string, number>> {
  // What a CPU that pretends to be a GPU takes is what the wall shows.
  const byWall = device.info.software || !device.features.has('timestamp-query');
  const sample = async (runner: Runner) => {
    const launches = () => {
      for (let i = 0; i < runner.repeats; i++) runner.launch();
    };
    const milliseconds = await (byWall ? wallMilliseconds : deviceMilliseconds)(device, launches);
    runner.ms = Math.min(runner.ms, milliseconds / runner.repeats);
    const filling = Math.ceil(
      (byWall ? WALL_MILLISECONDS : DEVICE_MILLISECONDS) / Math.max(runner.ms, LEAST_MILLISECONDS),
    );
    runner.repeats = Math.max(runner.repeats, Math.min(8 * runner.repeats, filling));
  };
  const runners: Runner[] = [];
  for (const [name, launch] of launches) {
    const runner = { name, launch, repeats: 1, ms: Infinity };
    let before: number;
    do {
      before = runner.repeats;
      await sample(runner);
    } while (runner.repeats > 2 * before);
    runners.push(runner);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const best = Math.min(...runners.map(({ ms }) => ms));
    const patience = round < SECOND_CHANCES ? SHORT_MILLISECONDS : 0;
    const rivals = runners.filter(({ ms, repeats }, i) => i === 0 || ms <= HOPELESS * best || ms * repeats < patience);
    if (rivals.length < 2) break;
    // Another one begins each round, so that a machine that changes its speed does so for all alike.
    const first = round % rivals.length;
    for (const runner of [...rivals.slice(first), ...rivals.slice(0, first)]) await sample(runner);
  }
  return Object.fromEntries(runners.map(({ name, ms }) => [name, ms]));
}

function fastest(milliseconds: Readonly<Record<string, number>>): string | undefined {
  let best: { name?: string; ms: number } = { ms: Infinity };
  for (const [name, ms] of Object.entries(milliseconds)) if (ms < (1 - NOISE) * best.ms) best = { name, ms };
  return best.name;
}

/** A buffer that variants fill, and what stands in it after one that is right; null before there is one. */
interface Output {
  readonly slice: BufferSlice;
  readonly count: number;
  readonly dtype: FloatDType;
  expected: BufferSlice | null;
}

/** The buffers of a rehearsal. */
export class RehearsalStage implements Stage {
  private readonly buffers: DeviceBuffer[] = [];
  private readonly outputs: Output[] = [];

  constructor(private readonly device: Device) {}

  input(count: number, dtype: FloatDType = 'f32'): BufferSlice {
    const slice = this.take(count, dtype);
    const fillRandomly = (wide: BufferSlice) =>
      randomFill(this.device, 'uniform', { seed: 1, stream: this.buffers.length }, -1, 2, wide, count);
    if (dtype === 'f32') fillRandomly(slice);
    else {
      withTemporary(this.device, 4 * count, (wide) => {
        fillRandomly(wide);
        narrow(this.device, wide, slice, count);
      });
    }
    return slice;
  }

  output(count: number, dtype: FloatDType = 'f32'): BufferSlice {
    const slice = this.take(count, dtype);
    this.outputs.push({ slice, count, dtype, expected: null });
    return slice;
  }

  /**
   * What is wrong with what a launch makes of outputs that hold NaN before, or what the device has against it; null for nothing. The
   * outputs of the first launch with which nothing is wrong are what those of the others are compared with.
   */
  async faultOf(launch: () => void): Promise<string | null> {
    const { device } = this;
    for (const { slice, dtype } of this.outputs) fill(device, POISON[dtype], slice, slice.size / 4);
    try {
      launch();
      for (const { slice, count, dtype, expected } of this.outputs) {
        const { difference, largest, finite } = await compare(device, slice, expected ?? slice, count, dtype);
        if (!finite) return 'it leaves NaN or infinite values';
        if (difference > TOLERANCE[dtype] * largest)
          return `it is off by ${(difference / largest).toPrecision(2)} of the largest value`;
      }
    } catch (error) {
      // An error for people, such as a lost device, is the end; any other is this variant's fault.
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
    copy(this.device, slice, kept, count, { dtype });
    return kept;
  }

  private take(count: number, dtype: FloatDType): BufferSlice {
    const buffer = this.device.pool.take(DTYPE_BYTES[dtype] * count);
    this.buffers.push(buffer);
    return { buffer, offset: 0, size: 16 * Math.ceil((DTYPE_BYTES[dtype] * count) / 16) };
  }
}
