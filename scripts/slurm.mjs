// Runs a command beside a Slurm of one node, which it starts for that long. Debian's packages go to the cache folder
// ($CYCLOPS_CACHE, or cyclops in the user's); nothing is installed. With --or-skip as first argument the command is left
// out, and it says why, where there is no Slurm to be had.
import { spawnSync } from 'node:child_process';
import { ensureSlurm, startSlurm } from './slurm/cluster.mjs';

const USAGE = 2;

/** @param {string} line */
const say = (line) => console.error(`slurm: ${line}`);

async function start() {
  const slurm = ensureSlurm(say);
  return 'reason' in slurm ? slurm : await startSlurm(slurm.root);
}

const args = process.argv.slice(2);
const orSkip = args[0] === '--or-skip';
const [file, ...rest] = orSkip ? args.slice(1) : args;
if (file === undefined) {
  say('give a command, such as npm run slurm -- sinfo');
  process.exit(USAGE);
}
const cluster = await start();
if ('reason' in cluster) {
  say(`${orSkip ? 'SKIPPED' : 'cannot run'} ${[file, ...rest].join(' ')}: ${cluster.reason}`);
  process.exit(orSkip ? 0 : 1);
}
const { status, error } = spawnSync(file, rest, { stdio: 'inherit', env: cluster.env });
if (error) say(`${file} could not be started: ${error.message}`);
await cluster.stop();
process.exit(status ?? 1);
