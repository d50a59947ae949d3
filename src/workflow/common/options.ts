import * as v from 'valibot';
import { parseRule, RULES } from '../../anomaly/calibration/calibration.ts';
import { mapName, openDevice, thresholdOption, tileOption } from '../../anomaly/detector/detector-options.ts';
import { PRESET_NAMES } from '../../cyclegan/presets.ts';
import { LABELS } from '../../data/datasets/dataset.ts';
import { optionProblem } from '../../data/files/json.ts';
import { finite, list, object, oneOf, text, whole, yesOrNo } from '../../data/files/schema.ts';
import { UsageError } from './usage-error.ts';

/**
 * Refuses options that types would have refused, for programs without them, and numbers that types cannot tell.
 *
 * @param workflow its name, for the message
 * @param schemas what each option may be
 * @throws UsageError naming the first that cannot be
 */
export function checkOptions<T extends object>(
  workflow: string,
  options: T,
  schemas: Record<keyof T, v.GenericSchema>,
): void {
  const problem = optionProblem(workflow, options, schemas);
  if (problem !== null) throw new UsageError(problem);
}

export const path = v.pipe(v.string('a path'), v.nonEmpty('a path'));
export const pathOption = v.optional(path);
export const paths = list(path);
export const label = oneOf(LABELS);
export const flag = v.optional(yesOrNo);
export const number = v.optional(finite());
/** A share of a job that is divided. */
export const shardOption = v.optional(object({ number: whole(1), of: whole(1) }));
export const byteCount = v.optional(finite(0));
export const ruleOption = v.optional(v.custom((given) => parseRule(given) !== undefined, `one of ${RULES}`));
export const callback = v.optional(v.function('a function'));

/** Where a workflow computes, and who watches it. */
export const RUNNING = {
  device: openDevice,
  tune: flag,
  // Not read: asking a signal may count as a look of the workflow.
  signal: v.optional(
    v.custom(
      (given) => typeof given === 'object' && given !== null && 'aborted' in given,
      'the signal of an AbortController',
    ),
  ),
  onProgress: callback,
  onWarning: callback,
};

/** How a data folder is read. */
export const DATA = { data: path, aIs: v.optional(label), skipBroken: flag };

/** How a model judges. */
export const JUDGING = { model: path, threshold: thresholdOption, map: mapName, tile: tileOption };

/** How a training goes. Its configuration is checked where it is completed. */
export const TRAINING = {
  out: path,
  preset: v.optional(oneOf(PRESET_NAMES)),
  config: v.optional(object({})),
  eager: flag,
  bankMemory: byteCount,
  onProfile: callback,
};

/** How the images of a new run are divided. */
export const DIVISION = { calibrationShare: number, folds: number, groupBy: v.optional(text) };
