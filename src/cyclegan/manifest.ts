import * as v from 'valibot';
import { described } from '../data/files/json.ts';
import { byName, hexadecimal, list, object, oneOf, seed, text, whole } from '../data/files/schema.ts';
import { NETWORK_NAMES, type NetworkName } from './network-names.ts';

/** What made a checkpoint, for people and for the report. */
export interface Manifest {
  versions: Record<string, string>;
  device: string;
  /** Hash of the training images and their labels. */
  dataHash: string;
  /** When the run began, in ISO 8601. */
  created: string;
  /** The file that each network was imported from; networks that it does not name are absent. Missing where nothing was imported. */
  imported?: Partial<Record<NetworkName, ImportedFile>>;
  /** Networks that training did without: those of a fold that trains the segmenter alone. Missing where it trained all. */
  absent?: NetworkName[];
  /** The model whose weights training began with; missing where it began with random ones. */
  from?: StartingPoint;
  /** That a resumed run was made longer, and when. */
  extended?: Extension[];
}

export interface ImportedFile {
  /** Absolute path. */
  file: string;
  /** Of its content. */
  sha256: string;
}

export interface StartingPoint {
  /** Absolute path of the run folder or model file. */
  model: string;
  /** SHA-256 of its weights. */
  weights: string;
  /** Its seed, its data and for how many steps it was trained. */
  seed: number;
  dataHash: string;
  step: number;
  /** Networks that it did not have, which began with random weights. */
  fresh: NetworkName[];
}

/** From a step on, training had another end in sight. */
export interface Extension {
  /** Steps that were done. */
  step: number;
  /** Steps of the whole run before and after. */
  from: number;
  to: number;
}

/** The networks that a model does not have. */
export function absentNetworks({ imported, absent = [] }: Pick<Manifest, 'imported' | 'absent'>): NetworkName[] {
  return imported ? NETWORK_NAMES.filter((name) => !imported[name]) : [...absent];
}

const importedFile = v.exactOptional(object({ file: text, sha256: hexadecimal(64) }));

/** @internal */
export const manifestSchema = described(
  object({
    ...{ versions: byName(text), device: text, dataHash: text, created: text },
    imported: v.exactOptional(object({ G_A: importedFile, G_B: importedFile, D_A: importedFile, D_B: importedFile })),
    absent: v.exactOptional(list(oneOf(NETWORK_NAMES))),
    from: v.exactOptional(
      object({
        ...{ model: text, weights: hexadecimal(64), seed, dataHash: text, step: whole() },
        fresh: list(oneOf(NETWORK_NAMES)),
      }),
    ),
    extended: v.exactOptional(
      list(
        v.pipe(
          object({ step: whole(), from: whole(), to: whole() }),
          v.check(({ step, from, to }) => step <= from && from < to, 'a step of a run that became longer'),
        ),
      ),
    ),
  }) satisfies v.GenericSchema<unknown, Manifest>,
  { holds: 'what made a run', remedy: 'Restore the file, or start the run again.' },
);
