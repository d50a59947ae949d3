/** Checks of what callers pass. Who calls from JavaScript may pass anything, so each takes whatever there is. */
import { CyclopsError } from './errors.ts';

/** A value in a few words, whatever it is: numbers, short texts and lists of them as they are, of everything else what it is. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length <= 8 ? `[${value.map(shown).join(', ')}]` : `a list of ${value.length}`;
  if (typeof value === 'string') return value.length <= 60 ? `'${value}'` : `a text of ${value.length} characters`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return String(value);
}

/** What a number must be: a test, and the words for it. */
export interface Range {
  readonly words: string;
  has(value: number): boolean;
}

const finite = (value: number) => Number.isFinite(Math.fround(value));

export const FINITE: Range = { words: 'a number that f32 can hold', has: finite };
export const NOT_NEGATIVE: Range = { words: '0 or more and finite', has: (value) => value >= 0 && finite(value) };
export const POSITIVE: Range = {
  words: 'positive and finite',
  has: (value) => Math.fround(value) > 0 && finite(value),
};
export const SHARE: Range = { words: 'from 0 to 1', has: (value) => value >= 0 && value <= 1 };
export const DECAY: Range = { words: 'from 0 to less than 1', has: (value) => value >= 0 && value < 1 };
export const COUNT: Range = {
  words: 'a whole number from 0 on',
  has: (value) => Number.isSafeInteger(value) && value >= 0,
};
/** What a word of the device holds. */
export const WORD: Range = {
  words: 'a whole number from 0 to 2^32 − 1',
  has: (value) => value === value >>> 0,
};
export const POSITIVE_INTEGER: Range = {
  words: 'a positive integer',
  has: (value) => Number.isSafeInteger(value) && value > 0,
};

/** @throws CyclopsError naming argument and owner unless the value is a number of the range */
export function requireNumber(owner: string, name: string, value: unknown, { words, has }: Range): void {
  if (typeof value === 'number' && has(value)) return;
  throw new CyclopsError(`The ${name} of ${owner} must be ${words}; got ${shown(value)}.`);
}

/** @throws CyclopsError naming argument and owner unless the value is true, false or left out */
export function requireFlag(owner: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new CyclopsError(`The ${name} of ${owner} must be true or false; got ${shown(value)}.`);
}

/** @throws CyclopsError naming argument and owner unless the value is a text or left out */
export function requireText(owner: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new CyclopsError(`The ${name} of ${owner} must be a text; got ${shown(value)}.`);
}

/** @throws CyclopsError naming argument and owner unless the value is one of the choices */
export function requireChoice(owner: string, name: string, value: unknown, choices: readonly unknown[]): void {
  if (choices.includes(value)) return;
  throw new CyclopsError(`The ${name} of ${owner} must be one of ${choices.join(', ')}; got ${shown(value)}.`);
}

/** @throws CyclopsError naming the owner unless the value is a function */
export function requireFunction(owner: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new CyclopsError(`${owner} takes a function to run; got ${shown(value)}.`);
}

/** @throws CyclopsError naming argument and owner unless the value is a list */
export function requireList(owner: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new CyclopsError(`The ${name} of ${owner} must be a list; got ${shown(value)}.`);
}

/** @throws CyclopsError naming the owner unless the value is an object, and one without other names than the known ones, where these are given */
export function requireOptions(owner: string, value: unknown, known?: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CyclopsError(`The options of ${owner} must be an object; got ${shown(value)}.`);
  }
  const unknown = known && Object.keys(value).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new CyclopsError(`${owner} has no option ${unknown}; it takes ${known?.join(', ')}.`);
}
