import type * as v from 'valibot';
import { parseJson } from './json.ts';
import { readText } from './read.ts';

/** What a JSON file holds. @throws CyclopsError when it cannot be read, or as {@link parseJson} does */
export function readJson<S extends v.GenericSchema>(path: string, schema: S): v.InferOutput<S> {
  return parseJson(readText(path), schema, path);
}
