import type * as v from 'valibot';
import { described } from '../data/files/json.ts';
import { byName, object, text } from '../data/files/schema.ts';

export const manifestSchema = described(
  object({
    versions: byName(text),
    device: text,
    /** Hash of the training images and their labels. */
    dataHash: text,
    /** When the run began, in ISO 8601. */
    created: text,
  }),
  { holds: 'what made a run', remedy: 'Restore the file, or start the run again.' },
);

/** What made a checkpoint, for people and for the report. */
export type Manifest = v.InferOutput<typeof manifestSchema>;
