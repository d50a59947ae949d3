import { despiteLosses } from './common/despite-losses.ts';
import { type Listener, listenerOf } from './common/listener.ts';
import { openModel } from './common/model.ts';
import { byteCount, checkOptions, DATA, JUDGING, RUNNING } from './common/options.ts';
import { type DeviceOption, withDevice } from './common/with-device.ts';
import { type DataOptions, openData } from './images/open-data.ts';
import { type EvaluatedRun, evaluateRun } from './runs/evaluate-run.ts';

export interface EvaluateOptions extends DataOptions, DeviceOption, Listener {
  /** Run folder or model file. */
  model: string;
  /** Judge by this threshold for the score that decides, instead of the calibrated one. */
  threshold?: number | undefined;
  /** The map that heat maps show, one of those that were calibrated; the one that calibration chose unless it is given. */
  map?: string | undefined;
  /** The largest side of a tile of images larger than the model's size, a multiple of 4; without it, images are shrunk to that size. */
  tile?: number | undefined;
  /** How many bytes of a report its pictures may take: misses and false alarms first, then others, such as {@link PICTURES_BUDGET}; none are kept unless told otherwise. */
  pictures?: number | undefined;
}

/**
 * Scores the test images of a data folder, or all that neither trained nor calibrated the model, and says how well it tells
 * them apart, and shows where.
 *
 * @returns null where the signal stopped it
 * @throws CyclopsError for a model or images that cannot be used
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluatedRun | null> {
  checkOptions('evaluate', options, { ...RUNNING, ...DATA, ...JUDGING, pictures: byteCount });
  const { skipBroken = false, tune = true, pictures = 0, threshold, map, tile } = options;
  const model = openModel(options.model);
  const dataset = openData(options);
  return await withDevice(options, (device) =>
    despiteLosses(device, options, 'The evaluation begins anew.', (used) =>
      evaluateRun(used, { ...listenerOf(options), model, dataset, skipBroken, tune, pictures, threshold, map, tile }),
    ),
  );
}
