import * as v from 'valibot';
import { CyclopsError } from '../../gpu/errors.ts';
import { brief, quoted } from './brief.ts';
import { only } from './schema.ts';

/** What a file of some kind holds, and what a user can do about a damaged one: for messages. */
interface SchemaWords {
  holds: string;
  remedy: string;
}

/** The first thing in a value that its schema does not allow. */
interface Problem {
  /** Where: keys from the outside in, such as `scores.sse.threshold.value`; empty for the value itself. */
  key: string;
  /** What is there, in a few words: `is 7`, or `is missing`. */
  came: string;
  expected: string;
}

/** A schema of all that a file holds. */
export function described<const S extends v.GenericSchema>(schema: S, { holds, remedy }: SchemaWords) {
  return v.pipe(schema, v.title(holds), v.description(remedy));
}

/** Levels of lists and objects in each other: more than any file of ours has, and few enough for whatever walks through them. */
const MOST_NESTED = 64;

/** @param source where the text comes from, such as a path. @throws CyclopsError when it is not JSON, or not what the schema says */
export function parseJson<const S extends v.GenericSchema>(json: string, schema: S, source: string): v.InferOutput<S> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refusal(schema, source, `it is not JSON (${json.length} characters)`);
  }
  if (isNested(value)) throw refusal(schema, source, `its lists and objects are nested more than ${MOST_NESTED} deep`);
  return checkJson(value, schema, source);
}

function isNested(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= MOST_NESTED; depth++) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}

/** The same for a value that is parsed already. */
export function checkJson<const S extends v.GenericSchema>(
  value: unknown,
  schema: S,
  source: string,
): v.InferOutput<S> {
  const examined = examine(value, schema);
  if (!examined.problem) return examined.output;
  const { key, came, expected } = examined.problem;
  throw refusal(schema, source, `${key || 'it'} ${came}; expected ${expected}`);
}

/** The same for those who have their own words for a refusal. */
export function examine<const S extends v.GenericSchema>(
  value: unknown,
  schema: S,
): { output: v.InferOutput<S>; problem?: never } | { output?: never; problem: Problem } {
  const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (result.success) return { output: result.output };
  const [{ path, input, message }] = result.issues;
  // A check of one field by another has the whole object for its input.
  const found = path ? path.at(-1)?.value : input;
  const came = found === undefined ? 'is missing' : `is ${brief(found)}`;
  return { problem: { key: keyOf(path?.map(({ key }) => key) ?? []), came, expected: message } };
}

/** What is wrong with the options that a function was given, in a sentence; null where nothing is. @param fields all that there are */
export function optionProblem(called: string, options: unknown, fields: v.ObjectEntries): string | null {
  const { problem } = examine(options, only(fields));
  return problem ? `${called}: ${problem.key || 'the options'} ${problem.came}; expected ${problem.expected}.` : null;
}

function keyOf(path: readonly unknown[]): string {
  return path.reduce<string>((outer, key) => {
    if (typeof key === 'number') return `${outer}[${key}]`;
    const name = String(key);
    if (!/^[\w-]{1,60}$/.test(name)) return `${outer}[${quoted(name)}]`;
    return outer === '' ? name : `${outer}.${name}`;
  }, '');
}

function refusal(schema: v.GenericSchema, source: string, reason: string): CyclopsError {
  const holds = v.getTitle(schema) ?? 'what it should';
  return new CyclopsError(`${source} does not hold ${holds}: ${reason}. ${v.getDescription(schema) ?? ''}`.trimEnd());
}
