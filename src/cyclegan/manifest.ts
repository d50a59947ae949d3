import type * as v from 'valibot';
import { described } from '../data/files/json.ts';
import { byName, object, text } from '../data/files/schema.ts';

/** What made a checkpoint, for people and for the report. */
export interface Manifest {
  versions: Record<string, string>;
  device: string;
  /** Hash of the training images and their labels. */
  dataHash: string;
  /** When the run began, in ISO 8601. */
  created: string;
}

/** @internal */
export const manifestSchema = described(
  object({ versions: byName(text), device: text, dataHash: text, created: text }) satisfies v.GenericSchema<
    unknown,
    Manifest
  >,
  { holds: 'what made a run', remedy: 'Restore the file, or start the run again.' },
);
