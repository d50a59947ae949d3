import type { Command } from 'commander';
import type { Device } from '../../gpu/device.ts';
import { measureCeilings } from '../../kernels/ceilings.ts';
import { exportChoices } from '../../kernels/choices.ts';
import { deliver, type JsonOption } from '../bench/document.ts';
import { benchKernels, kernelsText } from '../bench/kernels.ts';
import { benchLayers, layersText, profileSteps, writeRoofline } from '../bench/layers.ts';
import { benchMemory, memoryText } from '../bench/memory.ts';
import { benchStep, stepText } from '../bench/step.ts';
import { addWorkloadOptions, type Bench, openBench, type WorkloadOptions, workloadFrom } from '../bench/workload.ts';
import { EXIT } from '../failure.ts';
import {
  addCommonOptions,
  addTuneOptions,
  type CommonOptions,
  type TuneOptions,
  toNumber,
  withDevice,
} from '../options.ts';
import { addProfileOptions, type ProfileOptions, profileResult, profileText } from '../profile.ts';
import { showProgress } from '../progress.ts';
import { tuneKernels } from '../tuning.ts';

interface BenchOptions extends CommonOptions, JsonOption, WorkloadOptions {}

interface KernelsOptions extends BenchOptions {
  seconds: number;
  filter?: string;
}

interface LayersOptions extends BenchOptions, TuneOptions {
  filter?: string;
  roofline?: string;
}

interface StepOptions extends BenchOptions, TuneOptions, ProfileOptions {
  seconds: number;
}

export function addBench(program: Command): void {
  const bench = program.command('bench').description('measure where time and memory go');
  const add = (name: string, description: string) =>
    addWorkloadOptions(bench.command(name).description(description)).option(
      '--json [file]',
      'print JSON instead of tables, or write it to a file besides',
    );
  addCommonOptions(add('kernels', 'every variant of every operation, and the other kernels of a training step'))
    .option(...seconds(0.25))
    .option('--filter <text>', 'only those whose operation, problem and variant contain it, e.g. conv2d.forward')
    .action(kernels);
  addTuneOptions(add('layers', 'the layers of a training step, forward and backward'))
    .option('--filter <text>', 'only layers whose names contain it (default: those of G_A and of D_A)')
    .option('--roofline <file>', "draw the generator's layers of the forward pass as an SVG")
    .action(layers);
  addProfileOptions(
    addTuneOptions(
      add('step', 'a training step: milliseconds, launches, cost of the host (with --device null that alone)'),
    ),
  )
    .option(...seconds(2))
    .action(step);
  addTuneOptions(add('memory', 'what a training step keeps in memory')).action(memory);
}

/** The option that says how long to measure. */
function seconds(standard: number): [string, string, (text: string) => number, number] {
  return ['--seconds <number>', 'repeat each measurement for so long at least, and five times', toNumber, standard];
}

async function kernels(options: KernelsOptions): Promise<void> {
  await withBench({ ...options, tune: false }, async (device, bench) => {
    const display = (total: number) => showProgress('kernels', total, options.quiet ?? false);
    const result = await benchKernels(device, bench, options.filter ?? '', options.seconds, display);
    deliver(device, options, result, kernelsText(device, result));
  });
}

async function layers(options: LayersOptions): Promise<void> {
  await withBench(options, async (device, bench) => {
    const result = await benchLayers(device, bench, options.filter);
    if (options.roofline !== undefined) writeRoofline(device, options.roofline, result);
    const variants = exportChoices(device, bench.step);
    deliver(device, options, { ...result, variants }, layersText(device, result));
  });
}

async function step(options: StepOptions): Promise<void> {
  await withBench(options, async (device, bench) => {
    const result = await benchStep(device, bench, options.seconds);
    const texts = [stepText(device, result)];
    let profile = {};
    if (options.profile || options.trace !== undefined) {
      const steps = await profileSteps(device, bench, 3);
      const profiled = profileResult(device, steps, await measureCeilings(device), options);
      texts.push(profileText(profiled));
      profile = { profile: profiled };
    }
    const variants = exportChoices(device, bench.step);
    deliver(device, options, { ...result, ...profile, variants }, texts.join('\n'));
    if (result.bars.some(({ met }) => !met)) process.exitCode = EXIT.failed;
  });
}

async function memory(options: BenchOptions & TuneOptions): Promise<void> {
  await withBench(options, async (device, bench) => {
    const result = await benchMemory(device, bench);
    deliver(device, options, result, memoryText(device, result));
  });
}

/**
 * Opens the device that is asked for, where `null` is Dawn's null backend, which executes nothing and shows what the host costs,
 * and a model on it that uses the fastest kernels.
 */
function withBench(
  { device: name, ...options }: BenchOptions & TuneOptions,
  work: (device: Device, bench: Bench) => Promise<void>,
): Promise<void> {
  const which = name === 'null' ? { backend: 'null' } : name === undefined ? {} : { device: name };
  return withDevice({ ...options, ...which }, async (device) => {
    const bench = openBench(device, workloadFrom(device, options));
    try {
      await tuneKernels(device, options, bench.step);
      await work(device, bench);
    } finally {
      bench.dispose();
    }
  });
}
