import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Evaluation } from '../../anomaly/evaluation/evaluation.ts';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import { preset } from '../../cyclegan/presets.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { visible } from '../../report/parts/visible.ts';
import { evaluate } from '../../workflow/evaluate.ts';
import { PICTURES_BUDGET, report } from '../../workflow/report-file.ts';
import { train } from '../../workflow/train.ts';
import { whereLost } from '../advice.ts';
import { commandLine, deviceWords } from '../command-line.ts';
import { EXIT } from '../failure.ts';
import { catchInterrupt } from '../interrupt.ts';
import { listenOnTerminal } from '../listener.ts';
import { addTuneOptions, type TuneFlags, toNumber, withDevice } from '../options.ts';
import { baselineLines } from '../text/baseline.ts';
import { calibrationText } from '../text/calibration.ts';
import { evaluationText } from '../text/evaluation.ts';
import { localisationLines } from '../text/localisation.ts';
import { duration } from '../text/progress.ts';

/**
 * What the demo trains, as `bench/sets.mjs` has it for these photographs: eight to ten minutes on two CPU cores. The places are lit differently,
 * so light and contrast are evened out, and pits have many sizes.
 */
const DEMO: TrainingConfig = { ...preset('segment'), localContrast: true, shrink: 0.5 };

const DATA = fileURLToPath(new URL('../../../data/bsdata_pitting', import.meta.url));
const DATA_NAME = 'bsdata_pitting';
const ATTRIBUTION =
  'Photographs: BSData (Schlagenhauf, Landwehr, Fleischer, "Industrial Machine Tool Element Surface Defect Dataset", ' +
  'arXiv 2103.13003), cut and reduced, CC BY-SA 4.0.';

interface DemoOptions extends TuneFlags {
  out?: string;
  seed?: number;
  steps?: number;
}

export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('train on the photographs that ship with Cyclops, evaluate on others and write a report')
    .option('--out <run>', 'folder of the run (default: the next free of runs/demo-1, runs/demo-2, …)')
    .option('--seed <number>', 'seed of the first weights and every random choice', toNumber)
    .option('--steps <number>', 'train for so many steps', toNumber);
  addTuneOptions(command).action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const { tune, quiet = false } = options;
  const say = (line: string) => !quiet && process.stdout.write(`${line}\n`);
  if (!existsSync(DATA)) {
    throw new CyclopsError(
      'The demo needs its photographs, which are in the repository and not in the installed package. Run `npm start` in a ' +
        'clone of the repository, or `cyclops train` on images of your own.',
    );
  }
  const config = { ...DEMO, seed: options.seed ?? DEMO.seed, steps: options.steps ?? DEMO.steps };
  const out = options.out ?? nextFolder();
  const { listener, stop } = listenOnTerminal(quiet);
  const { signal, release } = catchInterrupt(() =>
    say('\nStopping after this step, with a checkpoint. Press Ctrl-C again to quit at once.'),
  );
  await withDevice(options, async (device) => {
    say(`Training on ${visible(device.info.name)}, into ${visible(resolve(out))}`);
    const began = performance.now();
    const common = { ...listener, signal, device, data: DATA, tune };
    const goOn = commandLine('cyclops', 'train', DATA, '--out', out, '--resume', ...deviceWords(options));
    const { run, calibration } = await whereLost(`Continue with: ${goOn}`, () => train({ ...common, config, out }));
    if (!calibration) {
      process.exitCode = EXIT.interrupted;
      return void say(`Stopped. Continue with: ${visible(goOn)}`);
    }
    say(`\n${calibrationText(calibration)}`);
    const judge = commandLine('cyclops', 'evaluate', run, DATA, '--report', 'report.html', ...deviceWords(options));
    const evaluated = await whereLost(`Evaluate with: ${judge}`, () =>
      evaluate({ ...common, model: run, pictures: PICTURES_BUDGET }),
    );
    if (!evaluated) {
      process.exitCode = EXIT.interrupted;
      return void say(`Stopped. Evaluate with: ${visible(judge)}`);
    }
    const path = join(run, 'report.html');
    report(evaluated, {
      ...{ ...listener, path, data: DATA_NAME, attribution: ATTRIBUTION },
      command: `cyclops demo --seed ${config.seed}`,
    });
    say(`\n${evaluationText(evaluated.evaluation)}${localisationLines(evaluated).join('\n')}`);
    for (const line of baselineLines(evaluated.baseline, evaluated.evaluation.chosen.score)) say(line);
    say('');
    say(summary(evaluated.evaluation));
    say(`The whole took ${duration((performance.now() - began) / 1000)}.`);
    process.stdout.write(`Report: ${visible(path)}\n`);
  }).finally(() => {
    release();
    stop();
  });
}

function summary({ scores, chosen }: Evaluation): string {
  const auroc = (name: string) => scores.find(({ info }) => info.name === name)?.auroc?.toFixed(3) ?? 'unknown';
  const paper = scores.find(({ info }) => info.paper)?.info.name ?? 'sse';
  const found = `AUROC on images never seen: ${auroc(chosen.score)} with ${chosen.score}`;
  if (chosen.score === paper) return `${found}, the paper's, which calibration chose.`;
  return `${found}, which calibration chose; ${auroc(paper)} with ${paper}, the paper's.`;
}

function nextFolder(): string {
  let number = 1;
  while (existsSync(join('runs', `demo-${number}`))) number += 1;
  return join('runs', `demo-${number}`);
}
