/** Every variant of every operation on the problems of the networks, and the other kernels of a training step. */
import { add } from '../../autograd/add.ts';
import { l1Loss } from '../../autograd/losses/l1-loss.ts';
import { mseLoss } from '../../autograd/losses/mse-loss.ts';
import { backward } from '../../autograd/tape.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Launch } from '../../gpu/launch.ts';
import { type Ceilings, measureCeilings } from '../../kernels/ceilings.ts';
import { deviceMilliseconds } from '../../kernels/timing.ts';
import { checkVariant, MOST_FAULTS, type VariantCheck } from '../../kernels/tuning/check-variant.ts';
import { visitProblems } from '../../kernels/tuning/choices.ts';
import { candidates, MeasurementBuffers } from '../../kernels/tuning/measure.ts';
import { register, supportedVariants } from '../../kernels/variant.ts';
import { scope } from '../../tensor/scope.ts';
import { ceilingsText, THROUGHPUT_HEADER, type Throughput, throughput, throughputCells } from '../profile/profile.ts';
import { inTurns, intervalText, type Spread, single, spread } from '../profile/statistics.ts';
import type { ProgressDisplay } from '../text/progress.ts';
import { align } from '../text/table.ts';
import { elementwiseCases } from './elementwise.ts';
import type { KernelCase } from './kernel-case.ts';
import type { OutsideVariant } from './outside-variants.ts';
import { type Bench, type Workload, workloadText } from './workload.ts';

interface KernelRow extends Throughput {
  operation: string;
  problem: string;
  variant: string;
  /** Of all variants of the problem. */
  fastest: boolean;
  /** Its time over the fastest's of the same round; null where it was measured once, and for the fastest. */
  ofFastest: Spread | null;
}

/** What became of a variant from outside before it was timed. */
interface CheckedVariant {
  operation: string;
  variant: string;
  checks: VariantCheck[];
}

interface KernelsResult {
  workload: Workload;
  ceilings: Ceilings;
  /** Of variants from outside. */
  checked: CheckedVariant[];
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
  /** Variants from outside: they are checked, and problems that none of them supports are left out. */
  outside: readonly OutsideVariant[];
  /** Told of each kernel that is done. */
  display(total: number): ProgressDisplay;
  /** Takes what has been measured so far, now and then. */
  onRows(result: KernelsResult): void;
}

/** @throws CyclopsError when nothing fits the filter, when a variant from outside supports no problem, and on the null backend */
export async function benchKernels(device: Device, bench: Bench, options: KernelsRequest): Promise<KernelsResult> {
  const { outside, filter } = options;
  for (const { operation, variant } of outside) register(operation, variant);
  const { cases: known, problems } = variantCases(device, bench, options.all);
  const checked = await checkAll(device, outside, problems);
  const wrong = new Set(checked.filter(({ checks }) => checks.some(({ fault }) => fault !== null)).map(nameOfChecked));
  const isAsked = (one: KernelCase, variant: string) =>
    nameOf(one, variant).includes(filter) && !wrong.has(`${one.operation} ${variant}`);
  const isOutside = ({ operation: own, variants }: KernelCase) =>
    outside.some(({ operation, variant: { name } }) => {
      return operation.name === own && variants.includes(name) && !wrong.has(`${own} ${name}`);
    });
  const all = outside.length > 0 ? known.filter(isOutside) : [...known, ...elementwiseCases(bench)];
  const cases = all
    .map((one) => ({ ...one, variants: one.variants.filter((name) => isAsked(one, name)) }))
    .filter(({ variants }) => variants.length > 0);
  if (cases.length === 0 && outside.length === 0) {
    const operations = [...new Set(all.map(({ operation }) => operation))].join(', ');
    throw new CyclopsError(`No kernel's name contains '${filter}'. Expected a part of one, e.g. of ${operations}.`);
  }
  const ceilings = await measureCeilings(device);
  const result: KernelsResult = { workload: bench.workload, ceilings, checked, kernels: [] };
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

/** The problems of the networks, by the name of their operation. */
type Problems = ReadonlyMap<string, readonly unknown[]>;

/** The variants that can do the problems of a generator and a discriminator, forward and backward. */
function variantCases(device: Device, { model, a }: Bench, all: boolean): { cases: KernelCase[]; problems: Problems } {
  const { G_A, D_A } = model.networks;
  const cases: KernelCase[] = [];
  const problems = new Map<string, unknown[]>();
  const bothWays = () => {
    const fake = G_A.forward(a);
    backward(add(mseLoss(D_A.forward(fake), 1), l1Loss(fake, a)));
  };
  const pass = () => scope(() => model.inPrecision(bothWays));
  visitProblems(device, pass, (_, operation, problem) => {
    const variants = (all ? supportedVariants : candidates)(device, operation, problem);
    problems.set(operation.name, [...(problems.get(operation.name) ?? []), problem]);
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
  return { cases: cases.sort((a, b) => a.operation.localeCompare(b.operation)), problems };
}

/** @throws CyclopsError for a variant that supports no problem at all */
async function checkAll(
  device: Device,
  outside: readonly OutsideVariant[],
  problems: Problems,
): Promise<CheckedVariant[]> {
  const checked: CheckedVariant[] = [];
  for (const { operation, variant } of outside) {
    const checks = await checkVariant(device, operation, variant, problems.get(operation.name));
    if (checks.length === 0) {
      throw new CyclopsError(
        `The variant ${variant.name} supports none of ${operation.name}'s problems here: neither those of the networks nor small ones. ` +
          'Let it support some, or choose other sizes, such as --config full.',
      );
    }
    checked.push({ operation: operation.name, variant: variant.name, checks });
  }
  return checked;
}

/** One row for each variant that is worth its time, on the same buffers, in turns. */
async function measureCase(
  device: Device,
  { operation, problem, variants, obvious, prepare }: KernelCase,
  ceilings: Ceilings,
  seconds: number,
): Promise<KernelRow[]> {
  const buffers = new MeasurementBuffers(device);
  try {
    const launchOf = prepare(device, buffers);
    const runners: { variant: string; launches: readonly Launch[]; run: () => Promise<number>; once: number }[] = [];
    const best = () => Math.min(...runners.map(({ once }) => once));
    for (const variant of variants) {
      const launch = () => launchOf(variant);
      const { launches } = device.trace(launch);
      const flops = launches.reduce((sum, one) => sum + one.flops, 0);
      if (variant === obvious && variants.length > 1 && flops > MOST_OBVIOUS_FLOPS) continue;
      const run = () => deviceMilliseconds(device, launch);
      // The first compiles the kernels.
      await run();
      runners.push({ variant, launches, run, once: await run() });
    }
    for (const runner of runners) {
      const { run, once } = runner;
      if (once > HOPELESS * best() && once < SHORT_MILLISECONDS) runner.once = Math.min(once, await run());
    }
    const rivals = runners.filter(({ once }) => once <= HOPELESS * best());
    const turns = await inTurns(
      rivals.map(({ run }) => run),
      seconds,
    );
    const spreads = turns.map(spread);
    const fastest = spreads.reduce((least, { median }, i) => (median < (spreads[least]?.median ?? 0) ? i : least), 0);
    return runners.map(({ variant, launches, once }) => {
      const place = rivals.findIndex((rival) => rival.variant === variant);
      const milliseconds = spreads[place] ?? single(once);
      const isFastest = place === fastest;
      const ratios = isFastest ? undefined : turns[place]?.map((ms, round) => ms / (turns[fastest]?.[round] ?? ms));
      return {
        ...{ operation, problem, variant, fastest: isFastest, ofFastest: ratios ? spread(ratios) : null },
        ...throughput(launches, milliseconds, ceilings),
      };
    });
  } finally {
    buffers.dispose();
  }
}

function nameOfChecked({ operation, variant }: CheckedVariant): string {
  return `${operation} ${variant}`;
}

function nameOf({ operation, problem }: KernelCase, variant: string): string {
  return `${operation} ${problem} ${variant}`;
}

/** Whether a variant from outside computes something else than it should. */
export function hasWrongVariant({ checked }: KernelsResult): boolean {
  return checked.some(({ checks }) => checks.some(({ fault }) => fault !== null));
}

/** The result for people. */
export function kernelsText(device: Device, { workload, ceilings, checked, kernels }: KernelsResult): string {
  const rows = kernels.map((row) => [
    row.operation,
    row.problem,
    row.variant,
    row.fastest ? '*' : '',
    ...throughputCells(row),
    row.ofFastest ? intervalText(row.ofFastest, 2) : '',
  ]);
  const nothing = 'None of the problems of these networks is left to be timed.';
  const header = ['operation', 'problem', 'variant', '', ...THROUGHPUT_HEADER, 'of the fastest (95 %)'];
  return [
    ...checked.flatMap(checkedText),
    `${device.info.name}: kernels of ${workloadText(workload)}; * = the fastest variant`,
    ceilingsText(ceilings),
    '',
    ...(rows.length > 0 ? align([header, ...rows], (column) => column < 4) : [nothing]),
    '',
  ].join('\n');
}

function checkedText({ operation, variant, checks }: CheckedVariant): string[] {
  const faults = checks
    .filter(({ fault }) => fault !== null)
    .map(({ problem, full, fault }) => `  ${problem}${full ? ', with all that can be asked for' : ''}: ${fault}`);
  const right = `${checks.length - faults.length} of ${checks.length} checks against the oracle`;
  if (faults.length === 0) return [`${operation} ${variant}: right in ${right}`, ''];
  const end = faults.length === MOST_FAULTS ? '  After so many faults the rest was not checked.' : null;
  return [`${operation} ${variant}: WRONG, so not timed; right in ${right}`, ...faults, ...(end ? [end] : []), ''];
}
