import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM } from '../cli/program.ts';
import { makeData, SMALL } from '../cli/support.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Fills a folder with what a small training leaves: `run` with its folds, and `job`, which a shard has begun. */
export function makeSeeds(folder: string): void {
  const data = makeData(join(folder, 'data'), { normal: 9, abnormal: 9 });
  const small = [...SMALL, '--steps', '3', '--no-tune'];
  cyclops('train', data, '--out', join(folder, 'run'), '--folds', '2', ...small);
  cyclops('train', data, '--out', join(folder, 'job'), '--folds', '3', '--shard', '1/3', ...small);
}

function cyclops(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [...PROGRAM, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cyclops ${args.join(' ')} ended with ${status}: ${stderr}`);
}
