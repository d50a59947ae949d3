import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import * as v from 'valibot';
import { type ImageRef, LABELS } from '../../data/datasets/dataset.ts';
import { described } from '../../data/files/json.ts';
import { readJson } from '../../data/files/json-file.ts';
import { readBytes } from '../../data/files/read.ts';
import { hexadecimal, list, object, oneOf, text } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';

const REMEDY = 'Restore it, or train again.';

const recordedImageSchema = object({
  file: text,
  label: oneOf(LABELS),
  /** A run from before there was a calibration part has none. */
  part: v.optional(oneOf(['train', 'calibration']), 'train'),
  sha256: hexadecimal(64),
  /** What it shows, where somebody said so. */
  group: v.exactOptional(text),
});

type RecordedImage = v.InferOutput<typeof recordedImageSchema>;

const recordSchema = described(
  object({
    /** Absolute path of the data folder. */
    root: text,
    /** One hash of all these images, their labels and their parts. */
    hash: text,
    /** The images that trained the networks, then those that calibrate. */
    images: list(recordedImageSchema),
    /** Fingerprints of those that trained or calibrated the model that the run began with. */
    earlier: v.exactOptional(list(hexadecimal(16))),
  }),
  { holds: "the record of a run's images", remedy: REMEDY },
);

/** What a run was made of: kept with it, so that a resume can refuse other data and an evaluation can find leaks. */
export type DataRecord = v.InferOutput<typeof recordSchema>;

/**
 * Records the images that train, and those that calibrate where there are some.
 *
 * @param hashes of files that were read already, as {@link hashBytes} makes them, by path
 * @param earlier fingerprints of the images that trained or calibrated the model that the run begins with
 */
export function recordData(
  root: string,
  training: readonly ImageRef[],
  calibration: readonly ImageRef[] = [],
  hashes: ReadonlyMap<string, string> = new Map(),
  earlier: readonly string[] = [],
): DataRecord {
  const record = (refs: readonly ImageRef[], part: RecordedImage['part']) =>
    refs.map(({ path, file, label, group }) => ({
      ...{ file, label, part, sha256: hashes.get(path) ?? hashFile(path) },
      ...(group !== undefined && { group }),
    }));
  const images = [...record(training, 'train'), ...record(calibration, 'calibration')];
  return { root, hash: hashOf(images), images, ...(earlier.length > 0 && { earlier: [...earlier] }) };
}

/** Training images are hashed as they were before there was a calibration part, so that older runs can be resumed. */
function hashOf(images: readonly RecordedImage[]): string {
  const lines = images.map(({ label, part, sha256 }) => `${part === 'train' ? '' : `${part} `}${label} ${sha256}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** SHA-256 of a file's content in hexadecimal. @throws CyclopsError when it cannot be read */
export function hashFile(path: string): string {
  return hashBytes(readBytes(path));
}

/** The same of a content. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** By what a model file knows an image again: 64 bits of its SHA-256, enough to tell it from any other, in 16 digits. */
export function fingerprint(sha256: string): string {
  return sha256.slice(0, 16);
}

/** Fingerprints of all images that trained or calibrated a run, or what it began with. */
export function seenImages({ images, earlier = [] }: DataRecord): string[] {
  return [...new Set([...images.map(({ sha256 }) => fingerprint(sha256)), ...earlier])];
}

/** Whether there is a record: an imported run has none before it is calibrated. */
export function hasDataRecord(path: string): boolean {
  return existsSync(path);
}

/** Reads back a record. @throws CyclopsError when the file is missing, is not one, or lists other images than its hash was made of */
export function readDataRecord(path: string): DataRecord {
  const record = readJson(path, recordSchema);
  if (record.hash === hashOf(record.images)) return record;
  throw new CyclopsError(
    `${path} does not have the hash that it holds of its images, their labels and their parts: it was damaged, or edited by hand, which it is ` +
      `not meant for. ${REMEDY}`,
  );
}
