import type { Command } from 'commander';
import type { Device } from '../../gpu/device.ts';
import { measureCeilings } from '../../kernels/ceilings.ts';
import { deliver, type JsonOption } from '../bench/document.ts';
import { benchLayers, layersText, profileSteps, writeRoofline } from '../bench/layers.ts';
import { benchMemory, memoryText } from '../bench/memory.ts';
import { benchStep, stepText } from '../bench/step.ts';
import { addWorkloadOptions, type WorkloadOptions, workloadFrom } from '../bench/workload.ts';
import { EXIT } from '../failure.ts';
import { addCommonOptions, type CommonOptions, withDevice } from '../options.ts';
import { addProfileOptions, type ProfileOptions, profileResult, profileText } from '../profile.ts';

interface BenchOptions extends CommonOptions, JsonOption, WorkloadOptions {}

interface LayersOptions extends BenchOptions {
  filter?: string;
  roofline?: string;
}

interface StepOptions extends BenchOptions, ProfileOptions {}

export function addBench(program: Command): void {
  const bench = program.command('bench').description('measure where time and memory go');
  const add = (name: string, description: string) =>
    addWorkloadOptions(
      addCommonOptions(bench.command(name).description(description)).option(
        '--json [file]',
        'print JSON instead of tables, or write it to a file besides',
      ),
    );
  add('layers', 'the layers of a training step, forward and backward, against what the device can do at most')
    .option('--filter <text>', 'only layers whose names contain it (default: those of G_A and of D_A)')
    .option('--roofline <file>', 'draw the layers of the generator as an SVG')
    .action(layers);
  addProfileOptions(add('step', 'a training step: milliseconds, launches, cost of the host')).action(step);
  add('memory', 'what a training step keeps in memory').action(memory);
}

/** Runs on the device that is asked for; `null` is Dawn's null backend, which executes nothing and shows what the host costs. */
function onDevice({ device, ...options }: BenchOptions, work: (device: Device) => Promise<void>): Promise<void> {
  return withDevice(
    device === 'null' ? { ...options, backend: 'null' } : { ...options, ...(device && { device }) },
    work,
  );
}

async function layers(options: LayersOptions): Promise<void> {
  await onDevice(options, async (device) => {
    const result = await benchLayers(device, workloadFrom(device, options), options.filter);
    if (options.roofline !== undefined) writeRoofline(device, options.roofline, result);
    deliver(device, options, result, layersText(device, result));
  });
}

async function step(options: StepOptions): Promise<void> {
  await onDevice(options, async (device) => {
    const workload = workloadFrom(device, options);
    const result = await benchStep(device, workload);
    let text = stepText(device, result);
    let profile = {};
    if (options.profile || options.trace !== undefined) {
      const steps = await profileSteps(device, workload, 3);
      const profiled = profileResult(device, steps, await measureCeilings(device), options);
      text += `\n${profileText(profiled)}`;
      profile = { profile: profiled };
    }
    deliver(device, options, { ...result, ...profile }, text);
    if (result.bars.some(({ met }) => !met)) process.exitCode = EXIT.failed;
  });
}

async function memory(options: BenchOptions): Promise<void> {
  await onDevice(options, async (device) => {
    const result = await benchMemory(device, workloadFrom(device, options));
    deliver(device, options, result, memoryText(device, result));
  });
}
