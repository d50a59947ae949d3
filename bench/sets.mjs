// Trains on public image sets with several seeds, evaluates, and writes a table of how well each set's defects are found.
//
//   npm run bench:sets -- FOLDER OUT [SET…] [--seeds 3] [--jobs 1] [--unet]
//
// FOLDER holds a data folder for each set, with train.txt and test.txt. OUT gets a run for each set and seed (SET-SEED), its figures
// (SET-SEED.json), and sets.md. Score and threshold are chosen on a fifth of the training part, or by folds of it. Kernels are the
// default ones, so that anyone on the same driver gets the same bits.
//
//   --seeds N         seeds 0 … N−1; default: 3
//   --jobs N          so many runs at once, each on its share of the cores; default: 1
//   --unet            train a supervised U-Net of PyTorch beside each (peers/torch_unet.py), into SET-SEED-unet.json
//   --minutes N       for so long; default: as long as the training of the run took
//   --python PROGRAM  with PyTorch; default: python3
//   --also='OPTIONS'  further options for every training, such as --also='--steps 20' to try this script
//
// It goes on where it was stopped: what has figures is not trained again, and a training that was cut off is resumed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/data/files/atomic.ts';
import { SETS } from './sets/list.ts';
import { Processes, Stopped } from './sets/processes.ts';
import { finish, finishUnet, planRuns, readWhole, requireSameOptions } from './sets/runs.ts';
import { report } from './sets/table.ts';

const USAGE = 'npm run bench:sets -- FOLDER OUT [SET…] [--seeds 3] [--jobs 1] [--unet]';

/** @param {string} message @returns {never} */
function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** @param {string} name @param {string} text */
function count(name, text) {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1
    ? value
    : refuse(`--${name} is ${text}; expected a whole number from 1 on.`);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        seeds: { type: 'string', default: '3' },
        jobs: { type: 'string', default: '1' },
        unet: { type: 'boolean', default: false },
        minutes: { type: 'string' },
        python: { type: 'string', default: 'python3' },
        also: { type: 'string', default: '' },
      },
    });
    const [folder, out, ...names] = positionals;
    if (!folder || !out) return refuse(`Expected a folder of data sets and a folder for the runs: ${USAGE}`);
    const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
    if (minutes !== undefined && !(minutes > 0))
      return refuse(`--minutes is ${values.minutes}; expected minutes above 0.`);
    const { unet, python, also } = values;
    return {
      ...{ folder, out, names, minutes, unet, python, also: also.trim() },
      seeds: count('seeds', values.seeds),
      jobs: count('jobs', values.jobs),
    };
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error} Expected ${USAGE}`);
  }
}

const { folder, out, names, seeds, jobs, unet, minutes, python, also } = readArguments();
const stranger = names.find((name) => !SETS.some((set) => set.name === name));
if (stranger) refuse(`There is no set ${stranger}; expected some of ${SETS.map(({ name }) => name).join(', ')}.`);
const sets = SETS.filter(({ name }) => names.length === 0 || names.includes(name));
const runs = planRuns(sets, { folder, out, seeds, also });
// A bench that runs for hours should not find out in the middle.
for (const run of runs) {
  if (!existsSync(run.data)) refuse(`There is no data folder ${run.data}. Name the sets that are there: ${USAGE}`);
  try {
    requireSameOptions(run);
  } catch (error) {
    refuse(error instanceof Error ? error.message : `${error}`);
  }
}
if (unet && spawnSync(python, ['-c', 'import torch, numpy, PIL']).status !== 0) {
  refuse(
    `--unet needs PyTorch, NumPy and Pillow, which ${python} does not have. Name a Python that has them by --python.`,
  );
}
mkdirSync(out, { recursive: true });

const processes = new Processes(jobs, python);
const tablePath = join(out, 'sets.md');

// Of all sets that have figures there, so that one may be made after another.
const tabled = planRuns(SETS, { folder, out, seeds, also });

function writeTable() {
  const entries = tabled.flatMap((run) => {
    /** @type {import('./sets/outcome.ts').Outcome | null} */
    const outcome = readWhole(run.json);
    return outcome ? [{ outcome, unet: readWhole(run.unet) }] : [];
  });
  writeFileAtomic(tablePath, report(SETS, entries, seeds));
}

/** @type {string[]} */
const failures = [];
// All jobs take from the same list.
const waiting = runs.values();
async function work() {
  for (const run of waiting) {
    if (processes.stopping) return;
    const name = `${run.set}-${run.seed}`;
    process.stderr.write(`${name}\n`);
    try {
      const outcome = await finish(run, processes);
      writeTable();
      if (unet) await finishUnet(run, outcome, processes, minutes);
      writeTable();
    } catch (error) {
      if (error instanceof Stopped) processes.stopping = true;
      else failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}
await Promise.all(Array.from({ length: jobs }, work));

writeTable();
process.stdout.write(readFileSync(tablePath, 'utf8'));
for (const failure of failures) process.stderr.write(`${failure}\n`);
if (processes.stopping) {
  process.stderr.write('Stopped. The same command goes on from here.\n');
  process.exitCode = 130;
} else if (failures.length > 0) {
  process.exitCode = 1;
}
