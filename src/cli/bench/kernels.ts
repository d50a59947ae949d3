/** Every variant of every operation on the problems of the networks, and the other kernels of a training step. */
import { add } from '../../autograd/add.ts';
import { l1Loss } from '../../autograd/losses/l1-loss.ts';
import { mseLoss } from '../../autograd/losses/mse-loss.ts';
import { backward } from '../../autograd/tape.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type Ceilings, measureCeilings } from '../../kernels/ceilings.ts';
import { deviceMilliseconds } from '../../kernels/timing.ts';
import { visitProblems } from '../../kernels/tuning/choices.ts';
import { candidates, MeasurementBuffers } from '../../kernels/tuning/measure.ts';
import { supportedVariants } from '../../kernels/variant.ts';
import { scope } from '../../tensor/scope.ts';
import { ceilingsText, THROUGHPUT_HEADER, type Throughput, throughput, throughputCells } from '../profile/profile.ts';
import { repeat, single } from '../profile/statistics.ts';
import type { ProgressDisplay } from '../text/progress.ts';
import { align } from '../text/table.ts';
import { elementwiseCases } from './elementwise.ts';
import type { KernelCase } from './kernel-case.ts';
import { type Bench, type Workload, workloadText } from './workload.ts';

interface KernelRow extends Throughput {
  operation: string;
  problem: string;
  variant: string;
  /** Of all variants of the problem. */
  fastest: boolean;
}

interface KernelsResult {
  workload: Workload;
  ceilings: Ceilings;
  kernels: KernelRow[];
}

/** A variant that is so many times slower than another one is not repeated, … */
const HOPELESS = 3;
/** … but for a second run if it is shorter than this: the first may have met a busy moment. */
const SHORT_MILLISECONDS = 20;
/** The obvious variant is only there to compare results with; on problems larger than this it would take most of the time. */
const MOST_OBVIOUS_FLOPS = 2 ** 30;
/** Between two calls of `onRows`. */
const ROWS_MILLISECONDS = 5000;

interface KernelsRequest {
  /** A part of `operation problem variant` of what is to be measured. */
  filter: string;
  /** Whether variants that are made for the other kind of device are measured too. */
  all: boolean;
  /** For which each kernel is repeated at least. */
  seconds: number;
  /** Told of each kernel that is done. */
  display(total: number): ProgressDisplay;
  /** Takes what has been measured so far, now and then. */
  onRows(result: KernelsResult): void;
}

/** @throws CyclopsError when nothing fits the filter, and on the null backend */
export async function benchKernels(device: Device, bench: Bench, options: KernelsRequest): Promise<KernelsResult> {
  const known = [...variantCases(device, bench, options.all), ...elementwiseCases(bench)];
  const cases = known
    .map((one) => ({ ...one, variants: one.variants.filter((name) => nameOf(one, name).includes(options.filter)) }))
    .filter(({ variants }) => variants.length > 0);
  if (cases.length === 0) {
    const operations = [...new Set(known.map(({ operation }) => operation))].join(', ');
    throw new CyclopsError(
      `No kernel's name contains '${options.filter}'. Expected a part of one, e.g. of ${operations}.`,
    );
  }
  const result: KernelsResult = { workload: bench.workload, ceilings: await measureCeilings(device), kernels: [] };
  const progress = options.display(cases.length);
  let told = performance.now();
  try {
    for (const [done, one] of cases.entries()) {
      progress.update(done, `${one.operation} ${one.problem}`);
      result.kernels.push(...(await measureCase(device, one, result.ceilings, options.seconds)));
      if (performance.now() - told < ROWS_MILLISECONDS) continue;
      options.onRows(result);
      told = performance.now();
    }
    progress.update(cases.length, '');
  } finally {
    progress.stop();
  }
  return result;
}

/** The variants that can do the problems of a generator and a discriminator, forward and backward. */
function variantCases(device: Device, { model, a }: Bench, all: boolean): KernelCase[] {
  const { G_A, D_A } = model.networks;
  const cases: KernelCase[] = [];
  const pass = () =>
    scope(() => {
      const fake = G_A.forward(a);
      backward(add(mseLoss(D_A.forward(fake), 1), l1Loss(fake, a)));
    });
  visitProblems(device, pass, (_, operation, problem) => {
    const variants = (all ? supportedVariants : candidates)(device, operation, problem);
    cases.push({
      operation: operation.name,
      problem: operation.describe(problem),
      variants: variants.map(({ name }) => name),
      obvious: operation.variants.at(-1)?.name ?? null,
      prepare: (device, buffers) => {
        const args = operation.exampleArguments(problem, buffers);
        return (name) => variants.find((variant) => variant.name === name)?.launch(device, problem, args);
      },
    });
  });
  return cases.sort((a, b) => a.operation.localeCompare(b.operation));
}

/** One row for each variant that is worth its time, on the same buffers. */
async function measureCase(
  device: Device,
  { operation, problem, variants, obvious, prepare }: KernelCase,
  ceilings: Ceilings,
  seconds: number,
): Promise<KernelRow[]> {
  const buffers = new MeasurementBuffers(device);
  const rows: KernelRow[] = [];
  let best = Infinity;
  try {
    const launchOf = prepare(device, buffers);
    for (const variant of variants) {
      const launch = () => launchOf(variant);
      const { launches } = device.trace(launch);
      const flops = launches.reduce((sum, one) => sum + one.flops, 0);
      if (variant === obvious && variants.length > 1 && flops > MOST_OBVIOUS_FLOPS) continue;
      const run = () => deviceMilliseconds(device, launch);
      // The first compiles the kernels.
      await run();
      let once = await run();
      if (once > HOPELESS * best && once < SHORT_MILLISECONDS) once = Math.min(once, await run());
      const milliseconds = once > HOPELESS * best ? single(once) : await repeat(run, 0, seconds);
      best = Math.min(best, milliseconds.median);
      rows.push({ operation, problem, variant, fastest: false, ...throughput(launches, milliseconds, ceilings) });
    }
  } finally {
    buffers.dispose();
  }
  for (const row of rows) row.fastest = row.milliseconds.median === best;
  return rows;
}

function nameOf({ operation, problem }: KernelCase, variant: string): string {
  return `${operation} ${problem} ${variant}`;
}

/** The result for people. */
export function kernelsText(device: Device, { workload, ceilings, kernels }: KernelsResult): string {
  const rows = kernels.map((row) => [
    row.operation,
    row.problem,
    row.variant,
    row.fastest ? '*' : '',
    ...throughputCells(row),
  ]);
  return [
    `${device.info.name}: kernels of ${workloadText(workload)}; * = the fastest variant`,
    ceilingsText(ceilings),
    '',
    ...align([['operation', 'problem', 'variant', '', ...THROUGHPUT_HEADER], ...rows], (column) => column < 4),
    '',
  ].join('\n');
}
