import { readFileSync } from 'node:fs';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from './fs-error.ts';

/** The object in a JSON file, by key. @throws CyclopsError when it cannot be read or holds none */
export function readJsonObject(path: string): Map<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(error, 'read', path);
  }
  const entries = entriesOf(parse(text));
  if (entries) return entries;
  throw new CyclopsError(
    `${path} is damaged: expected a JSON object, got ${text.length} characters that are none. ` +
      'Restore the file, or train again.',
  );
}

/** The entries of an object by key; undefined for anything else. */
export function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
