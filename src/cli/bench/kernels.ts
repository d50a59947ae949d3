/** Every variant of every operation on the problems of the networks, and the other kernels of a training step. */
import { mseLoss } from '../../autograd/mseLoss.ts';
import { backward } from '../../autograd/tape.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type Ceilings, measureCeilings } from '../../kernels/ceilings.ts';
import { visitProblems } from '../../kernels/choices.ts';
import { RehearsalStage } from '../../kernels/measure.ts';
import { deviceMilliseconds } from '../../kernels/timing.ts';
import { type Stage, supportedVariants } from '../../kernels/variant.ts';
import { scope } from '../../tensor/scope.ts';
import { ceilingsText, RATES_HEADER, type Rates, rates, ratesCells } from '../profile.ts';
import type { ProgressDisplay } from '../progress.ts';
import { align } from '../table.ts';
import { elementwiseCases } from './elementwise.ts';
import { repeat } from './statistics.ts';
import { type Bench, type Workload, workloadText } from './workload.ts';

/** Something to be measured. */
export interface KernelCase {
  operation: string;
  problem: string;
  /** Empty where there is only one way. */
  variant: string;
  /** Finds buffers on a stage, and returns what launches the kernels on them. */
  prepare(device: Device, stage: Stage): () => void;
}

interface KernelRow extends Rates {
  operation: string;
  problem: string;
  variant: string;
  /** Of all variants of the problem. */
  fastest: boolean;
}

export interface KernelsResult {
  workload: Workload;
  ceilings: Ceilings;
  kernels: KernelRow[];
}

/**
 * @param filter a part of `operation problem variant` of what is to be measured
 * @param seconds for which each kernel is repeated at least. @param display told of each kernel that is done
 * @throws CyclopsError when nothing fits the filter
 */
export async function benchKernels(
  device: Device,
  bench: Bench,
  filter: string,
  seconds: number,
  display: (total: number) => ProgressDisplay,
): Promise<KernelsResult> {
  const all = [...variantCases(device, bench), ...elementwiseCases(bench)];
  const cases = all.filter((one) => nameOf(one).includes(filter));
  if (cases.length === 0) {
    const operations = [...new Set(all.map(({ operation }) => operation))].join(', ');
    throw new CyclopsError(`No kernel's name contains '${filter}'. Expected a part of one, e.g. of ${operations}.`);
  }
  const ceilings = await measureCeilings(device);
  const progress = display(cases.length);
  const rows: KernelRow[] = [];
  try {
    for (const one of cases) {
      progress.update(rows.length, nameOf(one));
      const { operation, problem, variant } = one;
      rows.push({
        operation,
        problem,
        variant,
        fastest: false,
        ...(await measureCase(device, one, ceilings, seconds)),
      });
    }
    progress.update(cases.length, '');
  } finally {
    progress.stop();
  }
  const best = new Map<string, KernelRow>();
  for (const row of rows) {
    const key = `${row.operation} ${row.problem}`;
    if (row.milliseconds.median < (best.get(key)?.milliseconds.median ?? Infinity)) best.set(key, row);
  }
  for (const row of best.values()) row.fastest = true;
  return { workload: bench.workload, ceilings, kernels: rows };
}

/** The variants that can do the problems of a generator and a discriminator, forward and backward. */
function variantCases(device: Device, { model, a }: Bench): KernelCase[] {
  const { G_A, D_A } = model.networks;
  const cases: KernelCase[] = [];
  const pass = () => scope(() => backward(mseLoss(D_A.forward(G_A.forward(a)), 1)));
  visitProblems(device, pass, (_, operation, problem) => {
    for (const variant of supportedVariants(device, operation, problem)) {
      cases.push({
        operation: operation.name,
        problem: operation.describe(problem),
        variant: variant.name,
        prepare: (device, stage) => {
          const args = operation.rehearse(problem, stage);
          return () => variant.launch(device, problem, args);
        },
      });
    }
  });
  return cases.sort((a, b) => a.operation.localeCompare(b.operation));
}

async function measureCase(
  device: Device,
  { prepare }: KernelCase,
  ceilings: Ceilings,
  seconds: number,
): Promise<Rates> {
  const stage = new RehearsalStage(device);
  try {
    const launch = prepare(device, stage);
    const { launches } = device.trace(launch);
    const milliseconds = await repeat(() => deviceMilliseconds(device, launch), 2, seconds);
    return rates(launches, milliseconds, ceilings);
  } finally {
    stage.dispose();
  }
}

function nameOf({ operation, problem, variant }: KernelCase): string {
  return `${operation} ${problem} ${variant}`;
}

/** The result for people. */
export function kernelsText(device: Device, { workload, ceilings, kernels }: KernelsResult): string {
  const rows = kernels.map((row) => [
    row.operation,
    row.problem,
    row.variant,
    row.fastest ? '*' : '',
    ...ratesCells(row),
  ]);
  return [
    `${device.info.name}: kernels of ${workloadText(workload)}; * = the fastest variant`,
    ceilingsText(ceilings),
    '',
    ...align([['operation', 'problem', 'variant', '', ...RATES_HEADER], ...rows], (column) => column < 4),
    '',
  ].join('\n');
}
