// Trains for so many minutes, then evaluates: see ../train.sh.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepChoices } from './choices.mjs';
import { runPart } from './run-part.mjs';

/** How long the trial trains, which finds the fastest kernels and tells how long a step takes, … */
const TRIAL_SECONDS = 15;
/** … and how long it may take in all. */
const MOST_TRIAL_SECONDS = 300;
/**
 * For reading the images, for thresholds and checkpoints; training that takes longer than its minutes by this is ended.
 */
const BESIDE_SECONDS = 90;
const EVALUATION_SECONDS = 300;

/** @param {string} text @returns {never} */
function fail(text) {
  console.error(`train.sh: ${text}`);
  process.exit(1);
}

const [folder, data, given, ...options] = process.argv.slice(2);
const minutes = Number(given);
if (folder === undefined || data === undefined || !(minutes > 0)) {
  fail('expected a folder for the results, a data folder and minutes, then perhaps options of cyclops train');
}
const out = resolve(folder);
mkdirSync(out, { recursive: true });
const log = join(out, 'log.txt');
writeFileSync(log, '');
const work = mkdtempSync(join(tmpdir(), 'cyclops-train-'));
const saveChoices = keepChoices(work, out);
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;

/** @param {string} run @param {number} steps */
const training = (run, steps) => [
  ...['cyclops', 'train', data, '--out', run],
  ...(options.length > 0 ? options : ['--preset', 'paper256']),
  ...['--steps', `${steps}`],
];

/** Trains for a while. @returns seconds of a step */
async function trial() {
  const run = join(work, 'trial');
  const metrics = join(run, 'metrics.jsonl');
  const logged = () => (existsSync(metrics) ? readFileSync(metrics, 'utf8').split('\n').length - 1 : 0);
  const controller = new AbortController();
  let ended = false;
  const whole = runPart(training(run, 1_000_000), { seconds: MOST_TRIAL_SECONDS, log, until: controller.signal }).then(
    (outcome) => {
      ended = true;
      return outcome;
    },
  );
  /** @type {{ steps: number, time: number }[]} */
  const seen = [];
  while (!ended) {
    await sleep(100);
    const steps = logged();
    if (steps > 0 && steps !== seen.at(-1)?.steps) seen.push({ steps, time: elapsed() });
    if (seen.length > 2 && elapsed() - (seen[0]?.time ?? 0) > TRIAL_SECONDS) break;
  }
  controller.abort();
  const outcome = await whole;
  // The first third still compiles kernels.
  const [from, to] = [seen[Math.floor(seen.length / 3)], seen.at(-1)];
  if (!from || !to || to.steps <= from.steps) return fail(`the trial logged too few steps: ${outcome.lastWords}`);
  rmSync(run, { recursive: true });
  return (to.time - from.time) / (to.steps - from.steps);
}

const stepSeconds = await trial();
saveChoices();
const trialSeconds = elapsed();
const steps = Math.ceil((60 * minutes) / stepSeconds);
const run = join(work, 'run');
console.error(`a step takes ${(1000 * stepSeconds).toFixed(1)} ms; training ${steps} steps in ${run}`);
const trained = await runPart(training(run, steps), { seconds: 60 * minutes + BESIDE_SECONDS, log });
const summary = {
  command: training(run, steps).join(' '),
  minutes,
  ...{ steps, stepSeconds, trialSeconds, trainingSeconds: trained.seconds },
  status: trained.status,
};
const save = (/** @type {object} */ content) =>
  writeFileSync(join(out, 'train.json'), `${JSON.stringify({ ...summary, ...content }, null, 2)}\n`);
save({});
if (existsSync(join(run, 'metrics.jsonl'))) copyFileSync(join(run, 'metrics.jsonl'), join(out, 'metrics.jsonl'));
if (trained.status !== 'ok') fail(`training ${trained.status}, code ${trained.code}: ${trained.lastWords}`);

const files = ['--csv', join(out, 'scores.csv'), '--report', join(out, 'report.html')];
const command = ['cyclops', 'evaluate', run, data, '--json', ...files];
const evaluated = await runPart(command, { seconds: EVALUATION_SECONDS, log });
if (evaluated.status !== 'ok') fail(`evaluation ${evaluated.status}, code ${evaluated.code}: ${evaluated.lastWords}`);
writeFileSync(join(out, 'evaluation.json'), evaluated.stdout);
save({ evaluationSeconds: evaluated.seconds });
const { scores } = JSON.parse(evaluated.stdout);
console.log(`${steps} steps in ${trained.seconds.toFixed(0)} s; evaluated in ${evaluated.seconds.toFixed(0)} s`);
for (const [name, { auroc }] of Object.entries(scores)) console.log(`AUROC of ${name}: ${auroc.toFixed(3)}`);
