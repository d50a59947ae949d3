import { availableParallelism, cpus } from 'node:os';
import type { Detector } from '../anomaly/detector/detector.ts';
import { measure } from '../anomaly/maps/measurements.ts';
import { noGrad } from '../autograd/tape.ts';
import { duration, type ProgressDisplay, showProgress } from '../cli/text/progress.ts';
import { SIDE_MULTIPLE } from '../cyclegan/networks.ts';
import { FileChoiceCache, type MeasuringDevice } from '../data/files/choice-cache.ts';
import type { Device } from '../gpu/device.ts';
import { type Tuning, tune } from '../kernels/tuning/tune.ts';
import type { Module } from '../layers/module.ts';
import { scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { versions } from './versions.ts';

export interface TuningOptions {
  /** Whether to measure at all; without, the default choices stand. */
  tune: boolean;
  quiet?: boolean;
  /** Ends it after the measurement in progress. */
  signal?: AbortSignal;
}

/** What had to be measured. */
export interface TuningCost {
  problems: number;
  seconds: number;
}

/**
 * Chooses the fastest kernels for what `body` does, from earlier measurements or by measuring now, and says so. The
 * environment variable CYCLOPS_TUNE=off is the same as `tune: false`.
 *
 * @param body traced, not run
 */
export async function tuneKernels(
  device: Device,
  { tune: wanted, quiet = false, signal }: TuningOptions,
  body: () => void,
): Promise<TuningCost> {
  if (!wanted || process.env.CYCLOPS_TUNE === 'off') return { problems: 0, seconds: 0 };
  const say = (line: string) => !quiet && process.stderr.write(`${line}\n`);
  const cache = new FileChoiceCache(measuringDevice(device), say);
  const began = performance.now();
  let display: ProgressDisplay | undefined;
  const onProgress = (done: number, total: number, problem: string) => {
    if (done === 0)
      say(`Measuring which kernels are fastest here, once for this device and these sizes; --no-tune skips it.`);
    display ??= showProgress('kernels', total, quiet);
    display.update(done, problem);
  };
  let tuning: Tuning;
  try {
    tuning = await tune(device, body, { cache, onProgress, signal });
  } finally {
    display?.stop();
  }
  const seconds = (performance.now() - began) / 1000;
  for (const line of summary(tuning, seconds)) say(line);
  return { problems: tuning.size, seconds };
}

/** {@link tuneKernels} for the scores of one image. */
export function tuneScoring(detector: Detector, options: TuningOptions): Promise<TuningCost> {
  const score = () => void measure(detector.networks, wholeImage(detector));
  return tuneKernels(detector.device, options, () => scope(score));
}

/** {@link tuneKernels} for what one of the generators makes of an image. */
export function tuneTranslation(detector: Detector, generator: Module, options: TuningOptions): Promise<TuningCost> {
  const translate = () => void noGrad(() => generator.forward(wholeImage(detector)));
  return tuneKernels(detector.device, options, () => scope(translate));
}

/** An image, or a tile, as a detector takes it, without contents. */
function wholeImage({ device, tile, config: { loadSize, inputNc } }: Detector): Tensor {
  const largest = Math.min(loadSize, tile ?? loadSize);
  const side = largest - (largest % SIDE_MULTIPLE);
  return Tensor.empty(device, [1, side, side, inputNc]);
}

function summary(tuning: Tuning, seconds: number): string[] {
  if (tuning.size === 0) return [];
  const changed = [...tuning.values()].filter((problem) => problem.variant !== problem.default).length;
  const faults = [...tuning].flatMap(([problem, { faults }]) =>
    Object.entries(faults).map(([variant, fault]) => `The kernel ${variant} is not used for ${problem}: ${fault}.`),
  );
  return [
    `Measured ${tuning.size} in ${duration(seconds)}; ${changed} run on another kernel than by default.`,
    ...faults,
  ];
}

/** What decides how fast a kernel is, besides its text. */
function measuringDevice({ info }: Device): MeasuringDevice {
  return {
    adapter: info.device,
    driver: info.name,
    webgpu: versions().webgpu ?? 'unknown',
    // A software adapter is the processor.
    ...(info.software && { processor: cpus()[0]?.model ?? 'unknown', cores: `${availableParallelism()}` }),
  };
}
