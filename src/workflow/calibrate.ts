import { existsSync } from 'node:fs';
import { type Calibration, parseRule, type Rule } from '../anomaly/calibration/calibration.ts';
import { readCalibration } from '../anomaly/calibration/calibration-file.ts';
import { mapName } from '../anomaly/detector/detector-options.ts';
import { requireMap } from '../anomaly/maps/list.ts';
import { readCheckpointHead } from '../cyclegan/run/checkpoint-head.ts';
import { inRun, openRun, type RunFolder, runOfFold } from '../cyclegan/run/run-folder.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { despiteLosses } from './common/despite-losses.ts';
import { type Listener, listenerOf } from './common/listener.ts';
import { checkOptions, number, path, pathOption, RUNNING, ruleOption } from './common/options.ts';
import { type DeviceOption, withDevice } from './common/with-device.ts';
import { GrayMasks } from './images/gray-masks.ts';
import { calibrateRun } from './runs/calibrate-run.ts';
import { recordForImported } from './runs/imported-data.ts';

export interface CalibrateOptions extends DeviceOption, Listener {
  /** Folder that {@link train} wrote. */
  run: string;
  /** How thresholds are chosen; `zfn+0.1` unless told otherwise, and of normal images alone `max-accuracy`. */
  rule?: Rule | undefined;
  /** This threshold for the score that decides, instead of the rule's. */
  threshold?: number | undefined;
  /** The map that heat maps show, instead of the one that these images find best. */
  map?: string | undefined;
  /** Where the data folder is now; by default where training found it. Of an imported run, the folder whose images choose. */
  data?: string | undefined;
}

export interface CalibrateResult {
  /** What was chosen, and is kept in the run and in its model file. Null where the signal stopped it: the run is then as it was. */
  calibration: Calibration | null;
  /** What the run had before; null for none, and for a damaged file, of which there is a warning. */
  before: Calibration | null;
}

/**
 * Chooses score, thresholds and heat map of a run anew, by the images that calibrate it.
 *
 * @throws CyclopsError when the run or one of these images is missing or damaged, an image has changed, another process works on the run, or
 * there is no such map
 */
export async function calibrate(options: CalibrateOptions): Promise<CalibrateResult> {
  checkOptions('calibrate', options, {
    ...RUNNING,
    run: path,
    rule: ruleOption,
    threshold: number,
    map: mapName,
    data: pathOption,
  });
  const { threshold, map, data, tune = true } = options;
  const rule = parseRule(options.rule);
  if (map !== undefined) requireMap(map);
  const run = openRun(options.run);
  requireNoSegmenterAlone(run);
  return inRun(run, options.onWarning, async () => {
    const before = existsSync(run.thresholds) ? readBefore(run, options) : null;
    if (readCheckpointHead(run.checkpoint).manifest.imported) recordForImported(run, options);
    const calibration = await withDevice(options, (device) =>
      despiteLosses(device, options, 'The calibration begins anew.', (used) =>
        calibrateRun(used, {
          ...listenerOf(options),
          run,
          rule,
          threshold,
          map,
          data,
          tune,
          grayMasks: new GrayMasks(),
        }),
      ),
    );
    return { calibration, before };
  });
}

/** @throws CyclopsError for a fold that trained its segmenter alone: it can make no other score */
function requireNoSegmenterAlone(run: RunFolder): void {
  const whole = runOfFold(run.root);
  if (whole === null || !readCheckpointHead(run.checkpoint).manifest.absent) return;
  throw new CyclopsError(
    `${run.root} is a fold of the run in ${whole}, and no model of its own: it trained its segmenter alone, for the thresholds of that run. ` +
      `Calibrate ${whole}.`,
  );
}

/** A damaged file is no obstacle to writing a new one. */
function readBefore(run: RunFolder, { onWarning }: Listener): Calibration | null {
  try {
    return readCalibration(run);
  } catch (error) {
    if (!(error instanceof CyclopsError)) throw error;
    onWarning?.(`${error.message} It is written anew.`);
    return null;
  }
}
