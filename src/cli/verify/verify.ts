import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Precision } from '../../cyclegan/config.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { visible } from '../../report/parts/visible.ts';
import { verifyForced } from './forced.ts';
import { verifyNets } from './nets.ts';
import { verifyOps } from './ops.ts';
import { type Finding, type Omission, passes } from './tolerance.ts';
import { verifyTrain } from './train.ts';

type Groups = Readonly<Record<string, (device: Device, folder: string) => AsyncGenerator<Finding>>>;

const GROUPS: Readonly<Record<Precision, Groups>> = {
  f32: { ops: verifyOps, nets: verifyNets, train: verifyTrain },
  mixed: { ops: leftToF32, nets: leftToF32, train: verifyMixed },
  split: { ops: leftToF32, nets: leftToF32, train: verifySplit },
};

/** Longer runs fork at the first rounding, and single operations are tested in f16 against formulas of their own. */
async function* leftToF32(_: Device, folder: string): AsyncGenerator<Finding> {
  yield { name: basename(folder), reason: 'it is compared in f32' };
}

async function* verifyMixed(device: Device, folder: string): AsyncGenerator<Finding> {
  yield* verifyForced(device, join(folder, 'forced'), 'train/forced', 'mixed');
  yield { name: 'train', reason: 'its other runs are compared in f32' };
}

function verifySplit(device: Device, folder: string): AsyncGenerator<Finding> {
  return verifyTrain(device, folder, 'split');
}

interface Verdict {
  passed: number;
  failed: number;
  leftOut: number;
}

/**
 * Compares this engine with the reference: every operation, network and training run of a golden folder, as a table of one
 * line a comparison, then what was left out, then the count.
 *
 * @param folder holds ops/, nets/ or train/; a group that is missing is listed as left out
 * @param precision `mixed` compares one training step from a run in progress, `split` training alone
 * @param report takes each line as soon as it is known
 * @throws CyclopsError when the folder holds none of the three, nothing of it can be compared, or a file of it is missing or damaged
 */
export async function verifyGolden(
  device: Device,
  folder: string,
  report: (line: string) => void,
  precision: Precision = 'f32',
): Promise<Verdict> {
  const groups = Object.entries(GROUPS[precision]).map(([name, verify]) => ({
    name,
    verify,
    path: join(folder, name),
  }));
  const there = groups.filter(({ path }) => existsSync(join(path, 'index.json')));
  if (there.length === 0) {
    throw new CyclopsError(
      `${folder} holds no golden data: expected ops/index.json, nets/index.json or train/index.json in it. ` +
        'Name the folder that holds ops/, nets/ and train/.',
    );
  }
  const omissions: Omission[] = groups
    .filter((group) => !there.includes(group))
    .map(({ name }) => ({ name, reason: `there is no ${name}/ in ${folder}` }));
  const verdict: Verdict = { passed: 0, failed: 0, leftOut: 0 };

  report(row({ name: 'case', what: 'what', error: 'error', tolerance: 'tolerance', ok: 'ok' }));
  for (const { verify, path } of there) {
    for await (const finding of verify(device, path)) {
      if ('reason' in finding) {
        omissions.push(finding);
        continue;
      }
      const ok = passes(finding);
      verdict[ok ? 'passed' : 'failed'] += 1;
      const [error, tolerance] = [finding.error.toExponential(1), finding.tolerance.toExponential(1)];
      report(row({ ...finding, error, tolerance, ok: ok ? 'ok' : 'FAILED' }));
    }
  }
  verdict.leftOut = omissions.length;
  if (omissions.length > 0) report('\nLeft out:');
  for (const { name, reason } of omissions) report(`  ${visible(name)}: ${visible(reason)}`);
  report(`\n${verdict.passed} comparisons passed, ${verdict.failed} failed; ${verdict.leftOut} cases left out.`);
  if (verdict.passed + verdict.failed > 0) return verdict;
  throw new CyclopsError(`Nothing of ${folder} was compared, so nothing is verified. Fetch the golden data again.`);
}

type Row = Record<'name' | 'what' | 'error' | 'tolerance' | 'ok', string>;

function row({ name, what, error, tolerance, ok }: Row): string {
  return `${visible(name).padEnd(40)} ${visible(what).padEnd(58)} ${error.padStart(8)} ${tolerance.padStart(9)}  ${ok}`;
}
