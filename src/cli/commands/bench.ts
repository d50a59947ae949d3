import { type Command, Option } from 'commander';
import { scoresOf } from '../../anomaly/calibration/combined-score.ts';
import { type DetectorNetworks, prepareNetworks } from '../../anomaly/detector/detector-networks.ts';
import { scoresFor } from '../../anomaly/scores/list.ts';
import { PRESET_NAMES, type PresetName, preset } from '../../cyclegan/presets.ts';
import type { Device } from '../../gpu/device.ts';
import { measureCeilings } from '../../kernels/ceilings.ts';
import { exportChoices } from '../../kernels/tuning/choices.ts';
import { visibleLines } from '../../report/parts/visible.ts';
import { openModelFile } from '../../workflow/common/model.ts';
import { requireDifferentPlaces } from '../../workflow/common/outputs.ts';
import { type TuningCost, tuneKernels, tuneScoring } from '../../workflow/common/tuning.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { imagesAt } from '../../workflow/images/images-at.ts';
import { DEFAULT_PRESET } from '../../workflow/runs/training-config.ts';
import { benchCeilings, ceilingsReport } from '../bench/ceilings.ts';
import { beyond, compareBenches, comparisonText } from '../bench/compare.ts';
import { deliver, type JsonOption, requireDocument, writeJson } from '../bench/document.ts';
import { benchInput, inputText } from '../bench/input.ts';
import { benchKernels, hasWrongVariant, kernelsText } from '../bench/kernels.ts';
import { benchLayers, layersText, profileSteps, requireRoofline, writeRoofline } from '../bench/layers.ts';
import { benchMemory, memoryText } from '../bench/memory.ts';
import { outsideVariants } from '../bench/outside-variants.ts';
import { benchStep, stepText } from '../bench/step.ts';
import { addWorkloadOptions, type Bench, openBench, type WorkloadOptions, workloadFrom } from '../bench/workload.ts';
import { EXIT } from '../failure.ts';
import {
  addCommonOptions,
  addTuneOptions,
  type CommonFlags,
  type TuneFlags,
  toNumber,
  withDevice,
} from '../options.ts';
import {
  addProfileOptions,
  type ProfileOptions,
  profileResult,
  profileText,
  requireTrace,
} from '../profile/profile.ts';
import { showProgress } from '../text/progress.ts';

interface BenchOptions extends CommonFlags, JsonOption, WorkloadOptions {}

interface BenchKernelsFlags extends BenchOptions {
  all?: boolean;
  seconds: number;
  filter?: string;
  with?: string[];
}

interface CeilingsOptions extends CommonFlags, JsonOption {
  seconds: number;
}

/** Options of what runs whole steps. */
interface TunedOptions extends BenchOptions, TuneFlags {
  tuneSeconds?: number;
}

interface LayersOptions extends TunedOptions {
  filter?: string;
  roofline?: string;
}

interface InputFlags extends CommonFlags, JsonOption, TuneFlags {
  model?: string;
  preset: PresetName;
  seconds: number;
}

interface CompareFlags {
  bound: number;
  json?: boolean;
}

interface StepOptions extends TunedOptions, ProfileOptions {
  eager: boolean;
  seconds: number;
}

export function addBench(program: Command): void {
  const bench = program.command('bench').description('measure where time and memory go');
  const addPlain = (name: string, description: string) =>
    bench
      .command(name)
      .description(description)
      .option('--json [file]', 'print JSON instead of tables, or write it to a file besides');
  const add = (name: string, description: string) => addWorkloadOptions(addPlain(name, description));
  const addTuned = (name: string, description: string) =>
    addTuneOptions(add(name, description)).option(
      '--tune-seconds <number>',
      'end that after so many seconds; what was not measured by then runs on the default kernels',
      toNumber,
    );
  addCommonOptions(addPlain('ceilings', 'what the device can do at most, and what a launch costs'))
    .option(...seconds(0.25))
    .action(ceilings);
  addCommonOptions(add('kernels', 'the variants of every operation, and the other kernels of a training step'))
    .option(...seconds(0.25))
    .option('--filter <text>', 'only those whose operation, problem and variant contain it, e.g. conv2d.forward')
    .option(
      '--with <file>',
      'a variant of yours, a module or a description in JSON: checked, timed beside the others, which is all that is done then; may be given again',
      (file: string, files: string[] = []) => [...files, file],
    )
    .option('--all', 'also those made for the other kind of device, CPU or GPU, which may take long to compile')
    .action(kernels);
  addTuned('layers', 'the layers of a training step, forward and backward')
    .option('--filter <text>', 'only layers whose names contain it (default: those of G_A and of D_A)')
    .option('--roofline <file>', "draw the generator's layers of the forward pass as an SVG")
    .action(layers);
  addProfileOptions(
    addTuned('step', 'a training step: milliseconds, launches, cost of the host (with --device null that alone)'),
  )
    .option(...seconds(2))
    .option('--no-eager', 'leave out steps recorded launch by launch, which take more memory than replays')
    .action(step);
  addTuned('memory', 'what a training step keeps in memory').action(memory);
  addTuneOptions(
    addPlain('input', 'images a second: reading alone, the device alone, and both, and which of them limits'),
  )
    .argument('<folder>', 'of images')
    .option('--model <path>', 'model.safetensors, or the folder that train wrote: what judges them')
    .addOption(
      new Option('--preset <name>', "without --model: whose untrained networks judge them, by the paper's score")
        .choices(PRESET_NAMES)
        .default(DEFAULT_PRESET)
        .conflicts('model'),
    )
    .option(...seconds(5))
    .action(input);
  bench
    .command('compare')
    .description('two results of one command: what became slower or faster, and what changed between them')
    .argument('<old>', 'a file that bench … --json wrote')
    .argument('<new>', 'another, measured on the same device')
    .option('--bound <ratio>', 'end with exit code 1 when something got slower than this beyond doubt', toNumber, 1.05)
    .option('--json', 'print JSON instead of a table')
    .action(compare);
}

function compare(oldPath: string, newPath: string, { bound, json = false }: CompareFlags): void {
  if (!(bound >= 1)) throw new UsageError(`--bound is ${bound}; expected a ratio from 1 on, such as 1.05.`);
  const comparison = compareBenches(oldPath, newPath);
  process.stdout.write(
    json ? `${visibleLines(JSON.stringify({ ...comparison, bound }, null, 2))}\n` : comparisonText(comparison, bound),
  );
  if (beyond(comparison, bound).length > 0) process.exitCode = EXIT.failed;
}

/** The option that says how long to measure. */
function seconds(standard: number): [string, string, (text: string) => number, number] {
  return [
    '--seconds <number>',
    'repeat each measurement at least for so long, and at least five times',
    toNumber,
    standard,
  ];
}

async function ceilings(options: CeilingsOptions): Promise<void> {
  requireDocument(options);
  await withDevice(options, async (device) => {
    const result = await benchCeilings(device, options.seconds);
    deliver(device, options, result, ceilingsReport(device, result));
  });
}

async function kernels(options: BenchKernelsFlags): Promise<void> {
  const files = await Promise.all((options.with ?? []).map(outsideVariants));
  await withBench({ ...options, tune: false }, async (device, bench) => {
    const { json, seconds, all = false, filter = '' } = options;
    const result = await benchKernels(device, bench, {
      ...{ filter, all, seconds, outside: files.flat() },
      display: (total) => showProgress('kernels', total, options.quiet ?? false),
      // A run that is stopped leaves what it has measured.
      onRows: (rows) => typeof json === 'string' && writeJson(device, json, rows),
    });
    deliver(device, options, result, kernelsText(device, result));
    if (hasWrongVariant(result)) process.exitCode = EXIT.failed;
  });
}

async function layers(options: LayersOptions): Promise<void> {
  requireRoofline(options.roofline);
  requireDifferentPlaces({ '--json': options.json, '--roofline': options.roofline });
  await withBench(options, async (device, bench, tuning) => {
    const result = await benchLayers(device, bench, options.filter);
    if (options.roofline !== undefined) writeRoofline(device, options.roofline, result);
    const variants = exportChoices(device, bench.step);
    deliver(device, options, { ...result, tuning, variants }, layersText(device, result));
  });
}

async function step(options: StepOptions): Promise<void> {
  requireTrace(options);
  requireDifferentPlaces({ '--json': options.json, '--trace': options.trace });
  await withBench(options, async (device, bench, tuning) => {
    const result = await benchStep(device, bench, options.seconds, options.eager);
    const texts = [stepText(device, result)];
    let profile = {};
    if (options.profile || options.trace !== undefined) {
      const steps = await profileSteps(device, bench, 3);
      const profiled = profileResult(device, steps, await measureCeilings(device), options);
      texts.push(profileText(profiled));
      profile = { profile: profiled };
    }
    const variants = exportChoices(device, bench.step);
    deliver(device, options, { ...result, ...profile, tuning, variants }, texts.join('\n'));
    if (result.bars.some(({ met }) => !met)) process.exitCode = EXIT.failed;
  });
}

async function memory(options: TunedOptions): Promise<void> {
  await withBench(options, async (device, bench) => {
    const result = await benchMemory(device, bench);
    deliver(device, options, result, memoryText(device, result));
  });
}

async function input(folder: string, { model: path, preset: name, seconds, ...options }: InputFlags): Promise<void> {
  requireDocument(options);
  const refs = imagesAt([folder]);
  const model = path === undefined ? null : openModelFile(path);
  await withDevice(options, async (device) => {
    const detector = model ? model.open(device, undefined) : untrained(device, name);
    try {
      await tuneScoring(detector, { ...options, tune: options.tune ?? true });
      const scores = model
        ? scoresOf(model.calibration, model.calibration.chosen)
        : scoresFor(detector.networks).filter(({ info }) => info.paper);
      const result = await benchInput({ refs, detector, scores, seconds });
      deliver(device, options, result, inputText(device, result));
    } finally {
      detector.dispose();
    }
  });
}

/** Networks as a training of the preset begins with them. */
function untrained(device: Device, name: PresetName): DetectorNetworks {
  const manifest = { versions: {}, device: device.info.name, dataHash: '', created: '' };
  return prepareNetworks(device, { config: preset(name), manifest }, () => {});
}

/**
 * Opens the device that is asked for, where `null` is Dawn's null backend, which executes nothing and shows what the host costs,
 * and a model on it that uses the fastest kernels.
 */
function withBench(
  { device: name, tuneSeconds, ...options }: TunedOptions,
  work: (device: Device, bench: Bench, tuning: TuningCost) => Promise<void>,
): Promise<void> {
  requireDocument(options);
  const which = name === 'null' ? { backend: 'null' } : name === undefined ? {} : { device: name };
  return withDevice({ ...options, ...which }, async (device) => {
    const bench = openBench(device, workloadFrom(device, options));
    try {
      const limit = tuneSeconds === undefined ? {} : { signal: AbortSignal.timeout(1000 * tuneSeconds) };
      await work(device, bench, await tuneKernels(device, { ...options, ...limit }, bench.step));
    } finally {
      bench.dispose();
    }
  });
}
