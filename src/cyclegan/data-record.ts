import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ImageRef } from '../data/dataset.ts';
import { fileError } from '../data/fs-error.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { entriesOf, readJsonObject } from './json-file.ts';

/** What a run was trained on: kept with it, so that a resume can refuse other data and an evaluation can find leaks. */
export interface DataRecord {
  /** Absolute path of the data folder. */
  root: string;
  /** One hash of all training images and their labels. */
  hash: string;
  /** The training images. */
  images: { file: string; label: string; sha256: string }[];
}

/** @param training the images that train */
export function recordData(root: string, training: readonly ImageRef[]): DataRecord {
  const images = training.map(({ path, file, label }) => ({ file, label, sha256: hashFile(path) }));
  const hash = createHash('sha256').update(images.map(({ label, sha256 }) => `${label} ${sha256}\n`).join(''));
  return { root, hash: hash.digest('hex'), images };
}

/** SHA-256 of a file's content in hexadecimal. @throws CyclopsError when it cannot be read */
export function hashFile(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    throw fileError(error, 'read', path);
  }
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

function recordedImage(value: unknown): DataRecord['images'][number] | undefined {
  const entries = entriesOf(value);
  const [file, label, sha256] = [entries?.get('file'), entries?.get('label'), entries?.get('sha256')];
  if (typeof file !== 'string' || typeof label !== 'string' || typeof sha256 !== 'string') return undefined;
  return { file, label, sha256 };
}
