// Tries options of a training on objects that it did not learn from, without the test part: how the project chooses options and rules.
//
//   npm run bench:held-out -- FOLDER OUT [SET…] [--jobs 1] [--also='--steps 700']
//
// FOLDER holds a data folder for each set, as for bench:sets, whose options count. The training part is cut into three; for each third a
// segmenter learns from the others (cyclops train --folds) and judges it. OUT gets a run for each set, and held-out.md: how well scores tell
// the images of a third apart, and what rules make of thresholds that some objects of it choose and the others meet.
//
//   --jobs N          so many trainings at once, each on its share of the cores; default: 1
//   --also='OPTIONS'  further options for every training; later ones win, so that they are what is tried
//
// It goes on where it was stopped. Other options need another OUT.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FoldResult, type FoldScores, readFoldScores, withFold } from '../src/anomaly/calibration/fold-scores.ts';
import { runFolder } from '../src/cyclegan/run/run-folder.ts';
import { writeFileAtomic } from '../src/data/files/atomic.ts';
import { FOLDS, outcomesOfRules, scoresOfFolds } from './held-out/figures.ts';
import { type HeldOut, report } from './held-out/table.ts';
import { SETS } from './sets/list.ts';
import type { BenchSet } from './sets/outcome.ts';
import { Processes, Stopped } from './sets/processes.ts';
import { readWhole } from './sets/runs.ts';

const DRAWS = 100;
const USAGE = `npm run bench:held-out -- FOLDER OUT [SET…] [--jobs 1] [--also='--steps 700']`;

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { jobs: { type: 'string', default: '1' }, also: { type: 'string', default: '' } },
    });
    const [folder, out, ...names] = positionals;
    if (!folder || !out) return refuse(`Expected a folder of data sets and a folder for the runs: ${USAGE}`);
    const jobs = Number(values.jobs);
    if (!Number.isInteger(jobs) || jobs < 1)
      return refuse(`--jobs is ${values.jobs}; expected a whole number from 1 on.`);
    return { folder, out, names, jobs, also: values.also.trim() };
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error} Expected ${USAGE}`);
  }
}

const { folder, out, names, jobs, also } = readArguments();
const stranger = names.find((name) => !SETS.some((set) => set.name === name));
if (stranger) refuse(`There is no set ${stranger}; expected some of ${SETS.map(({ name }) => name).join(', ')}.`);
const sets = SETS.filter(({ name }) => names.length === 0 || names.includes(name));
for (const { name } of sets) {
  const data = join(folder, name);
  if (!existsSync(data)) refuse(`There is no data folder ${data}. Name the sets that are there: ${USAGE}`);
}
mkdirSync(out, { recursive: true });

const processes = new Processes(jobs, 'python3');
const optionsOf = ({ options }: BenchSet) =>
  [options, also, '--seed 0 --no-tune'].filter((words) => words !== '').join(' ');
const foldsOfSets = sets.flatMap((set) => Array.from({ length: FOLDS }, (_, i) => ({ set, fold: i + 1 })));

const failures: { set: BenchSet; why: string }[] = [];
// All jobs take from the same list.
const waiting = foldsOfSets.values();
async function work() {
  for (const { set, fold } of waiting) {
    if (processes.stopping) return;
    process.stderr.write(`${set.name}, fold ${fold}\n`);
    // The shard after those of the folds would train on all.
    const own = ['--folds', `${FOLDS}`, '--shard', `${fold}/${FOLDS + 1}`];
    try {
      const data = join(folder, set.name);
      await processes.cyclops(['train', data, '--out', join(out, set.name), ...optionsOf(set).split(' '), ...own]);
    } catch (error) {
      if (error instanceof Stopped) processes.stopping = true;
      else failures.push({ set, why: `${set.name}, fold ${fold}: ${error instanceof Error ? error.message : error}` });
    }
  }
}
await Promise.all(Array.from({ length: jobs }, work));

/** The folds of a set; null where one is not there yet. */
function foldsOf(root: string): FoldScores | null {
  if (!existsSync(runFolder(root).foldScores)) return null;
  const pieces = Array.from({ length: FOLDS }, (_, i) =>
    readWhole<{ result: FoldResult }>(join(root, 'pieces', `fold-${i + 1}.piece`)),
  );
  const begun = readFoldScores(runFolder(root));
  return pieces.reduce<FoldScores | null>((known, piece) => known && piece && withFold(known, piece.result), begun);
}

const told = sets.flatMap((set): HeldOut[] => {
  // What lies there may be of other options.
  const folds = failures.some((failure) => failure.set === set) ? null : foldsOf(join(out, set.name));
  if (!folds) return [];
  const merits = folds.merits.map(({ masked, aupro }) => (masked > 0 ? aupro : null));
  const areas = merits.flatMap((aupro) => aupro?.dn_pixels ?? []);
  return [
    {
      ...{ set: set.name, options: optionsOf(set), scores: scoresOfFolds(folds.images) },
      aupro: areas.length > 0 ? areas : null,
      rules: outcomesOfRules(folds.images, merits, DRAWS),
    },
  ];
});
if (told.length > 0) {
  const text = report(told);
  writeFileAtomic(join(out, 'held-out.md'), text);
  process.stdout.write(text);
}
for (const { why } of failures) process.stderr.write(`${why}\n`);
if (processes.stopping) {
  process.stderr.write('Stopped. The same command goes on from here.\n');
  process.exitCode = 130;
} else if (failures.length > 0) {
  process.exitCode = 1;
}
