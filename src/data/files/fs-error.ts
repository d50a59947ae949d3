import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file or folder; check the path',
  ENOTDIR: 'a part of this path is a file where a folder is needed; check the path',
  EISDIR: 'this is a folder where a file is needed; check the path',
  EACCES: 'access is denied; check the owner and the permissions',
  EPERM: 'the operation is not permitted; check the owner and the permissions',
  EROFS: 'the file system is read-only; choose another place',
  ENOSPC: 'no space is left on the device; free some or choose another place',
  EDQUOT: 'the disk quota is used up; free some space or choose another place',
  EFBIG:
    'the file would exceed the size limit of the file system, or of this shell (ulimit -f); choose another place or lift the limit',
  EEXIST: 'something of that name is there already; remove it or choose another place',
  ENOTEMPTY: 'a folder of that name is there already and is not empty; remove it or choose another place',
  ELOOP: 'symbolic links lead in a circle here; correct or remove them',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  EIO: 'the device reports a read or write error; check the disk',
};

/**
 * The user's version of a failed file operation: what was tried (`task`, such as 'write'), on which path, why it failed
 * and what to do. Anything that is not an error of the operating system is a fault of ours and is thrown on as it is.
 */
export function fileError(error: unknown, task: string, path: string): CyclopsError {
  if (error instanceof CyclopsError) return error;
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) throw error;
  const code = String(error.code);
  const reason = code === 'ENOENT' ? absence(path) : (REASONS[code] ?? error.message);
  return new CyclopsError(`cannot ${task} ${path}: ${reason} (${code}).`);
}

/** The same of a file operation that nobody expected to fail; null for anything else. */
export function unexpectedFileError(error: unknown): CyclopsError | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return null;
  if (error.syscall === 'uv_cwd')
    return new CyclopsError('The current folder is gone, or may not be entered. Change to another, and try once more.');
  const isKnown = String(error.code) in REASONS && 'path' in error;
  return isKnown ? fileError(error, 'use', String(error.path)) : null;
}

/** Why nothing is at a path. */
function absence(path: string): string | undefined {
  // Node puts this character for bytes of a name that are no text, and then finds no such file.
  if (path.includes('\uFFFD')) return 'the name is not UTF-8, and so cannot be opened; rename it';
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (isLink) return 'it is a symbolic link to something that is not there; correct or remove it';
  return hasOtherForm(path)
    ? 'there is one of this name in another Unicode form, as Macs write it; give or rename that'
    : REASONS.ENOENT;
}

/** Whether something beside a path has its name in another Unicode form, which looks the same. */
function hasOtherForm(path: string): boolean {
  const name = basename(path).normalize();
  try {
    return !/^[ -~]*$/.test(name) && readdirSync(dirname(path)).some((other) => other.normalize() === name);
  } catch {
    // Who may not list the folder cannot know.
    return false;
  }
}
