import { availableParallelism, cpus } from 'node:os';
import { batchSize } from '../../anomaly/detector/batches.ts';
import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { alikeInBatches, emptyImages, scoreEmpty } from '../../anomaly/detector/empty-images.ts';
import { noGrad } from '../../autograd/tape.ts';
import { FileChoiceCache, type MeasuringDevice } from '../../data/files/choice-cache.ts';
import type { Device } from '../../gpu/device.ts';
import { type Tuning, tune } from '../../kernels/tuning/tune.ts';
import type { Module } from '../../layers/module.ts';
import { scope } from '../../tensor/scope.ts';
import type { Listener } from './listener.ts';
import { versions } from './versions.ts';

interface TuningOptions extends Pick<Listener, 'signal' | 'onProgress' | 'onWarning'> {
  /** Whether to measure at all; if not, the default choices stand. The signal ends it after the measurement in progress. */
  tune: boolean;
}

/** What had to be measured. */
export interface TuningCost {
  problems: number;
  seconds: number;
}

/**
 * Chooses the fastest kernels for what `body` does, from earlier measurements or by measuring now. The environment variable
 * CYCLOPS_TUNE=off is the same as `tune: false`.
 *
 * @param body traced, not run
 */
export async function tuneKernels(
  device: Device,
  { tune: wanted, signal, onProgress, onWarning }: TuningOptions,
  body: () => void,
): Promise<TuningCost> {
  if (!wanted || device.environment.CYCLOPS_TUNE === 'off') return { problems: 0, seconds: 0 };
  const cache = new FileChoiceCache(measuringDevice(device), (warning) => onWarning?.(warning));
  const began = performance.now();
  const tuning = await tune(device, body, {
    cache,
    signal,
    // The end is told with what was found, below.
    onProgress: (done, total, detail) => done < total && onProgress?.({ stage: 'kernels', done, total, detail }),
  });
  const seconds = (performance.now() - began) / 1000;
  const { size } = tuning;
  if (size > 0) onProgress?.({ stage: 'kernels', done: size, total: size, detail: summary(tuning, seconds) });
  for (const [problem, { faults }] of tuning) {
    for (const [variant, fault] of Object.entries(faults)) {
      onWarning?.(`The kernel ${variant} is not used for ${problem}: ${fault}.`);
    }
  }
  return { problems: size, seconds };
}

/** {@link tuneKernels} for the scores of images. */
export async function tuneScoring(detector: DetectorNetworks, options: TuningOptions): Promise<TuningCost> {
  const cost = await tuneKernels(detector.device, options, () => scoreEmpty(detector, batchSize(detector)));
  alikeInBatches(detector, scoreEmpty);
  return cost;
}

/** {@link tuneKernels} for what one of the generators makes of an image: on the kernels that it has in a batch. */
export async function tuneTranslation(
  detector: DetectorNetworks,
  generator: Module,
  options: TuningOptions,
): Promise<TuningCost> {
  const translate = (_: DetectorNetworks, images: number) =>
    scope(() => void noGrad(() => generator.forward(emptyImages(detector, images))));
  const cost = await tuneKernels(detector.device, options, () => translate(detector, batchSize(detector)));
  alikeInBatches(detector, translate);
  return cost;
}

function summary(tuning: Tuning, seconds: number): string {
  const changed = [...tuning.values()].filter((problem) => problem.variant !== problem.default).length;
  return `measured in ${Math.round(seconds)} s; ${changed} run on another kernel than by default`;
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
