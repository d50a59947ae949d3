import { availableParallelism, cpus } from 'node:os';
import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { heatMapCandidates } from '../../anomaly/maps/list.ts';
import { partsOf, scoresFor } from '../../anomaly/scores/list.ts';
import { measure } from '../../anomaly/scores/measure.ts';
import { noGrad } from '../../autograd/tape.ts';
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { FileChoiceCache, type MeasuringDevice } from '../../data/files/choice-cache.ts';
import type { Device } from '../../gpu/device.ts';
import { type Tuning, tune } from '../../kernels/tuning/tune.ts';
import type { Module } from '../../layers/module.ts';
import { scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
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

/** {@link tuneKernels} for the scores of one image. */
export function tuneScoring(detector: DetectorNetworks, options: TuningOptions): Promise<TuningCost> {
  const { networks, tile } = detector;
  const asked = { parts: partsOf(scoresFor(networks)), maps: heatMapCandidates(networks), tile };
  const score = () => void measure(networks, wholeImage(detector), asked);
  return tuneKernels(detector.device, options, () => scope(score));
}

/** {@link tuneKernels} for what one of the generators makes of an image. */
export function tuneTranslation(
  detector: DetectorNetworks,
  generator: Module,
  options: TuningOptions,
): Promise<TuningCost> {
  const translate = () => void noGrad(() => generator.forward(wholeImage(detector)));
  return tuneKernels(detector.device, options, () => scope(translate));
}

/** An image, or a tile, as a detector takes it, without contents. */
function wholeImage({ device, tile, config: { loadSize, inputNc } }: DetectorNetworks): Tensor {
  const largest = Math.min(loadSize, tile ?? loadSize);
  const side = largest - (largest % SIDE_MULTIPLE);
  return Tensor.empty(device, [1, side, side, inputNc]);
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
