import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { completeFolder } from '../../data/files/atomic.ts';
import { described } from '../../data/files/json.ts';
import { readJson } from '../../data/files/json-file.ts';
import { byName, finite, object, text, whole } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { parseConfig, type TrainingConfig } from '../config.ts';
import { trainingLength } from '../learning-rate.ts';
import { type Manifest, manifestSchema } from '../manifest.ts';

const REMEDY = 'Restore the file, or start the run again.';

/** Where a run stands. */
interface Position {
  /** Steps done. */
  step: number;
  /** Steps of an epoch, which the data decides. */
  stepsPerEpoch: number;
  /** Words that the image pools have drawn from their random stream. */
  poolDraws: number;
  /** Time spent training so far. */
  seconds: number;
}

const positionSchema = described(
  object({ step: whole(), stepsPerEpoch: whole(1), poolDraws: whole(), seconds: finite(0) }) satisfies v.GenericSchema<
    unknown,
    Position
  >,
  { holds: 'where a run stands', remedy: REMEDY },
);

const kernelsSchema = described(byName(text), { holds: 'which kernels a run uses', remedy: REMEDY });

/** Everything of a checkpoint but its tensors. Each part is a file of JSON with its name. */
export interface CheckpointHead {
  config: TrainingConfig;
  manifest: Manifest;
  position: Position;
  /** Which kernel computed what, as `exportChoices` says it: a run that continues with the same ones gets the same bits. */
  kernels: Record<string, string>;
}

/** Reads what a checkpoint says of itself. @throws CyclopsError when it is missing or damaged */
export function readCheckpointHead(folder: string): CheckpointHead {
  const complete = completeCheckpoint(folder);
  const pathOf = (part: keyof CheckpointHead) => join(complete, `${part}.json`);
  const config = parseConfig(readJson(pathOf('config'), v.unknown()), pathOf('config'));
  const manifest = readJson(pathOf('manifest'), manifestSchema);
  const position = readJson(pathOf('position'), positionSchema);
  const { steps } = trainingLength(config, position.stepsPerEpoch);
  if (position.step > steps) {
    throw new CyclopsError(
      `${pathOf('position')} says that ${position.step} steps are done, of a training that has ${steps}. ${REMEDY}`,
    );
  }
  // A run from before kernels were noted has none to keep.
  const kernels = existsSync(pathOf('kernels')) ? readJson(pathOf('kernels'), kernelsSchema) : {};
  return { config, manifest, position, kernels };
}

/** The folder of the last whole checkpoint that was written as `folder`. @throws CyclopsError when there is none */
export function completeCheckpoint(folder: string): string {
  const found = completeFolder(folder);
  if (found) return found;
  throw new CyclopsError(`There is no checkpoint in ${folder}; expected the folder that training writes there.`);
}
