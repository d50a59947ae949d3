import type * as v from 'valibot';
import { parseJson } from '../../data/files/json.ts';
import type { CheckpointFiles } from './checkpoint-files.ts';

/** What a file of JSON in a checkpoint holds. @throws CyclopsError as `CheckpointFiles.read` and `parseJson` do */
export function readCheckpointJson<const S extends v.GenericSchema>(
  files: CheckpointFiles,
  name: string,
  schema: S,
): v.InferOutput<S> {
  return parseJson(new TextDecoder().decode(files.read(name)), schema, files.pathOf(name));
}
