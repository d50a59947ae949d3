import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ImageRef, Label } from '../../data/datasets/dataset.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { entriesOf, readJsonObject } from '../../data/files/json-file.ts';
import { CyclopsError } from '../../gpu/errors.ts';

export interface RecordedImage {
  file: string;
  label: Label;
  part: 'train' | 'calibration';
  sha256: string;
  /** What it shows, where somebody said so. */
  group?: string;
}

/** What a run was made of: kept with it, so that a resume can refuse other data and an evaluation can find leaks. */
export interface DataRecord {
  /** Absolute path of the data folder. */
  root: string;
  /** One hash of all these images, their labels and their parts. */
  hash: string;
  /** The images that trained the networks, then those that calibrate. */
  images: RecordedImage[];
}

/** Records the images that train, and those that calibrate where there are some. */
export function recordData(
  root: string,
  training: readonly ImageRef[],
  calibration: readonly ImageRef[] = [],
): DataRecord {
  const record = (refs: readonly ImageRef[], part: 'train' | 'calibration') =>
    refs.map(({ path, file, label, group }) => ({
      ...{ file, label, part, sha256: hashFile(path) },
      ...(group !== undefined && { group }),
    }));
  const images = [...record(training, 'train'), ...record(calibration, 'calibration')];
  // Training images are hashed as they were before there was a calibration part, so that older runs can be resumed.
  const lines = images.map(({ label, part, sha256 }) => `${part === 'train' ? '' : `${part} `}${label} ${sha256}\n`);
  return { root, hash: createHash('sha256').update(lines.join('')).digest('hex'), images };
}

/** SHA-256 of a file's content in hexadecimal. @throws CyclopsError when it cannot be read */
export function hashFile(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** By what a model file knows an image again: 64 bits of its SHA-256, enough to tell it from any other, in 16 digits. */
export function fingerprint(sha256: string): string {
  return sha256.slice(0, 16);
}

/** Reads back a record. @throws CyclopsError when the file is missing or is not one */
export function readDataRecord(path: string): DataRecord {
  const entries = readJsonObject(path);
  const [root, hash, list] = [entries.get('root'), entries.get('hash'), entries.get('images')];
  const images = Array.isArray(list) ? list.map(recordedImage) : [undefined];
  if (typeof root === 'string' && typeof hash === 'string' && images.every((image) => image !== undefined)) {
    return { root, hash, images };
  }
  throw new CyclopsError(
    `${path} does not hold the record of a run's images: expected root, hash and images with file, label and sha256. ` +
      'It is damaged; restore it or train again.',
  );
}

function recordedImage(value: unknown): RecordedImage | undefined {
  const entries = entriesOf(value);
  const [file, label, sha256] = [entries?.get('file'), entries?.get('label'), entries?.get('sha256')];
  // A run from before there was a calibration part has none.
  const part = entries?.get('part') ?? 'train';
  const group = entries?.get('group');
  if (typeof file !== 'string' || typeof sha256 !== 'string') return undefined;
  if (group !== undefined && typeof group !== 'string') return undefined;
  if (label !== 'normal' && label !== 'abnormal') return undefined;
  if (part !== 'train' && part !== 'calibration') return undefined;
  return { file, label, part, sha256, ...(group !== undefined && { group }) };
}
