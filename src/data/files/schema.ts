/** The words that schemas of files are made of. The message of each says what is expected, for the end of a sentence. */
import * as v from 'valibot';

/** More than any name, path or sentence has, and few enough to be handled without care. */
const MOST_CHARACTERS = 2 ** 16;

export const text = v.pipe(
  v.string('a text'),
  v.maxLength(MOST_CHARACTERS, `a text of at most ${MOST_CHARACTERS} characters`),
);

/** A number that is not infinite and not NaN. */
export function finite(least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY) {
  const expected = `a number${range(least, most)}`;
  return v.pipe(v.number(expected), v.finite(expected), v.minValue(least, expected), v.maxValue(most, expected));
}

export function whole(least = 0, most = Number.MAX_SAFE_INTEGER) {
  const expected = `a whole number${range(least, most)}`;
  return v.pipe(v.number(expected), v.safeInteger(expected), v.minValue(least, expected), v.maxValue(most, expected));
}

/** Of random numbers. */
export const seed = whole(0, 2 ** 32 - 1);

/** So many hexadecimal digits. */
export function hexadecimal(digits: number) {
  const expected = `${digits} hexadecimal digits`;
  return v.pipe(v.string(expected), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`), expected));
}

export function oneOf<const T extends readonly (string | number)[]>(choices: T) {
  return v.picklist(choices, [choices.slice(0, -1).join(', '), ...choices.slice(-1)].join(' or '));
}

export const yesOrNo = v.boolean('true or false');

export function list<const T extends v.GenericSchema>(item: T) {
  return v.array(item, 'a list');
}

/** An object with these fields; others are left out. */
export function object<const T extends v.ObjectEntries>(fields: T) {
  return v.object(fields, ({ path }) => {
    const missing = path?.at(-1)?.key;
    const field = typeof missing === 'string' ? fields[missing] : undefined;
    return field ? (v.safeParse(field, undefined).issues?.[0].message ?? '') : 'an object';
  });
}

/** An object with these fields and no others: for options, of which a misspelt one would do nothing. */
export function only<const T extends v.ObjectEntries>(fields: T) {
  return v.strictObject(fields, ({ path }) => {
    const name = path?.at(-1)?.key;
    if (typeof name !== 'string') return 'an object';
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) return `no option of this name, but any of ${Object.keys(fields).join(', ')}`;
    return v.safeParse(field, undefined).issues?.[0].message ?? '';
  });
}

/** An object with such a value under each name, whatever the names, but for those that `v.record` leaves out without a word. */
export function byName<const T extends v.GenericSchema>(value: T) {
  return v.pipe(
    v.custom<Record<string, v.InferInput<T>>>(isObject, 'an object'),
    v.check((object) => !LEFT_OUT.some((name) => Object.hasOwn(object, name)), `no name among ${LEFT_OUT.join(', ')}`),
    v.record(text, value),
  );
}

const LEFT_OUT = ['__proto__', 'prototype', 'constructor'];

function range(least: number, most: number): string {
  if (Number.isFinite(least) && most < Number.MAX_SAFE_INTEGER) return ` from ${least} to ${most}`;
  return Number.isFinite(least) ? ` from ${least} up` : '';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
