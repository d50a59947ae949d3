import * as v from 'valibot';
import { described } from '../../data/files/json.ts';
import { byName, finite, object, text, whole } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { parseConfig, type TrainingConfig } from '../config.ts';
import { trainingLength } from '../learning-rate.ts';
import type { Manifest } from '../manifest.ts';
import { CheckpointFiles } from './checkpoint-files.ts';
import { readCheckpointJson } from './checkpoint-json.ts';
import type { Position } from './position.ts';

const REMEDY = 'Restore the file, or start the run again.';

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

/** A checkpoint that is being read, and goes on being that one. */
export interface Checkpoint {
  head: CheckpointHead;
  files: CheckpointFiles;
}

/** Opens a checkpoint by what it says of itself. @throws CyclopsError when it is missing or damaged */
export function openCheckpoint(folder: string): Checkpoint {
  const files = new CheckpointFiles(folder);
  const config = parseConfig(readCheckpointJson(files, 'config.json', v.unknown()), files.pathOf('config.json'));
  const position = readCheckpointJson(files, 'position.json', positionSchema);
  const { steps } = trainingLength(config, position.stepsPerEpoch);
  if (position.step > steps) {
    throw new CyclopsError(
      `${files.pathOf('position.json')} says that ${position.step} steps are done, of a training that has ${steps}. ${REMEDY}`,
    );
  }
  // A run from before kernels were noted has none to keep.
  const kernels = files.has('kernels.json') ? readCheckpointJson(files, 'kernels.json', kernelsSchema) : {};
  return { head: { config, manifest: files.manifest, position, kernels }, files };
}

/** What a checkpoint says of itself. @throws CyclopsError as {@link openCheckpoint} */
export function readCheckpointHead(folder: string): CheckpointHead {
  return openCheckpoint(folder).head;
}
