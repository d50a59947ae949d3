import { existsSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runWith } from '../../cyclegan/run/run-folder.ts';
import { folderContent } from '../../data/datasets/folder-content.ts';
import { INDEX_NAME } from '../../data/datasets/index-file.ts';
import { LIST_NAMES } from '../../data/datasets/lists.ts';
import { requireWritable } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { isFolder } from '../../data/files/is-folder.ts';
import { readPart } from '../../data/files/read.ts';
import { leadsThroughSystem, realPlace } from '../../data/files/real-place.ts';
import { removeOldRemains } from '../../data/files/remains.ts';
import { imageKind } from '../../data/images/formats.ts';
import { isSignedPng, SIGNED_BYTES } from '../../data/images/png.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { UsageError } from './usage-error.ts';

/** A kind of file that a command writes. */
export interface OutputKind {
  /** For messages: `a table of scores`. */
  what: string;
  /** Whether a file that begins with these bytes is one that was written before. */
  isOwn: (beginning: Uint8Array) => boolean;
  /** How the name of one ends that is a picture. */
  picture?: '.png' | '.svg';
}

/** Files of a data folder that say what its images are. */
const NAMES_OF_DATA = [INDEX_NAME, ...LIST_NAMES];

/** Enough for the header of a table with every score. */
const BEGINNING = 2 ** 16;

/** The kind of files that begin with such a text; of the beginning a character is a byte. */
export function textKind(what: string, begins: RegExp): OutputKind {
  return { what, isOwn: (beginning) => begins.test(new TextDecoder('latin1').decode(beginning)) };
}

/**
 * Refuses to write where something else would be lost: a file of a run, and anything that is there and that the same command did not
 * write. Every option that names a file to write obeys this, before the work begins. Nothing is changed, but that
 * what a killed writer of the file left beside it long ago is removed.
 *
 * @param option as a user writes it, such as `--csv`
 * @throws UsageError for what would be lost @throws CyclopsError where no file can be written
 */
export function requireOutput(option: string, path: string, kind: OutputKind): void {
  requireFree(option, path, kind);
  requireWritable(path);
  const place = realPlace(path);
  removeOldRemains(dirname(place), (file) => file === basename(place));
}

/** The same of a file whose folder may not be there yet. @throws UsageError, also for what is no file, such as a pipe */
export function requireFree(option: string, path: string, kind: OutputKind): void {
  const run = runWith(path);
  if (run !== null)
    throw new UsageError(`${option} ${path} would overwrite a file of the run in ${run}. Give another name.`);
  requireMeaningless(option, path);
  const there = statsOf(path);
  // Nobody may read a pipe, and a file behind /dev/stdout would get another in its place.
  if ((there && !there.isFile()) || leadsThroughSystem(path)) {
    throw new UsageError(
      `${option} takes a file, and ${path} is a folder, a pipe or a device. Name a file; what is printed can go through a pipe.`,
    );
  }
  const beginning = there ? readPart(path, 0, BEGINNING) : new Uint8Array();
  if (beginning.length > 0 && !kind.isOwn(beginning)) {
    throw new UsageError(
      `${option} ${path} would overwrite a file that is there and is not ${kind.what} of Cyclops: it stays as it is. Give another name, or remove it.`,
    );
  }
  requireTrueEnding(option, path, kind);
}

/** @throws UsageError for a name by which a data folder says what its images are: what is written there would be read as such */
export function requireMeaningless(option: string, path: string): void {
  if (!NAMES_OF_DATA.includes(basename(path).toLowerCase())) return;
  throw new UsageError(
    `${option} ${path} has a name that is read where it lies in a data folder (${NAMES_OF_DATA.join(', ')}), and it would be read wrong. Give another name.`,
  );
}

/** Where images are looked for, as in a folder that is watched, the ending alone tells one. @throws UsageError */
function requireTrueEnding(option: string, path: string, { what, picture }: OutputKind): void {
  const isOwn = (name: string) => picture !== undefined && name.toLowerCase().endsWith(picture);
  const ending = [path, realPlace(path)].find((name) => imageKind(name) !== 'none' && !isOwn(name));
  if (ending === undefined) return;
  throw new UsageError(
    `${option} takes the name of ${what}, and ${ending} would be taken for an image that cannot be read. ` +
      `Give a name that ${picture ? `ends in ${picture}` : 'does not end as an image does'}.`,
  );
}

/** @throws UsageError when what is read would be written over */
export function requireNoInput(option: string, path: string, inputs: readonly string[]): void {
  const place = realPlace(path);
  const input = inputs.find((other) => realPlace(other) === place);
  if (input === undefined) return;
  throw new UsageError(`${option} would overwrite ${input}, which is read. Give another name.`);
}

/**
 * Refuses to put pictures among others that Cyclops did not write: the next training, or who scores that folder, would take them for
 * photographs.
 *
 * @param folder be it there yet or not @throws UsageError where such pictures lie in it @throws CyclopsError when it cannot be listed
 */
export function requireNoPictures(option: string, folder: string): void {
  if (!isFolder(folder)) return;
  // A link may lead nowhere.
  const isOther = (path: string) => existsSync(path) && !isOwnPicture(path);
  const other = folderContent(folder).images.find((name) => isOther(join(folder, name)));
  if (other === undefined) return;
  throw new UsageError(
    `${option} ${folder} would put pictures among those that lie there, such as ${other}, and who trains with these or scores them would take them for ` +
      'photographs. Give a folder elsewhere, which need not be there yet.',
  );
}

/** Whether a file is a picture that bears the mark of Cyclops; false too where it cannot be read. */
export function isOwnPicture(path: string): boolean {
  try {
    return isSignedPng(readPart(path, 0, SIGNED_BYTES));
  } catch (error) {
    if (error instanceof CyclopsError) return false;
    throw error;
  }
}

/** @param outputs paths by the option that names them @throws UsageError where two are one place, and one would be lost */
export function requireDifferentPlaces(outputs: Readonly<Record<string, string | boolean | undefined>>): void {
  const seen = new Map<string, string>();
  for (const [option, path] of Object.entries(outputs)) {
    if (typeof path !== 'string') continue;
    const place = realPlace(path);
    const other = seen.get(place);
    if (other !== undefined)
      throw new UsageError(`${other} and ${option} both name ${path}. Give one of them another name.`);
    seen.set(place, option);
  }
}

/** Undefined where nothing is. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}
