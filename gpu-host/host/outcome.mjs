// What became of a part: its result, and the reason where there is none.
import { existsSync, readFileSync } from 'node:fs';

/** What a text says as JSON; null for anything else. @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The last line of `verify`, and what failed. @param {string} text */
function verdict(text) {
  const counts = /(\d+) comparisons passed, (\d+) failed; (\d+) cases left out/.exec(text);
  const failures = text.split('\n').filter((line) => line.endsWith('FAILED'));
  if (!counts) return null;
  const [passed, failed, leftOut] = counts.slice(1).map(Number);
  return { passed, failed, leftOut, failures };
}

/** The last JSON object of a text whose objects begin with a line. @param {string} text */
const lastObject = (text) =>
  parsed(
    text
      .trimEnd()
      .split(/\n(?=\{)/)
      .at(-1) ?? '',
  );

/**
 * What a part found out; null where it wrote nothing that can be read.
 * @param {Pick<import('./parts.mjs').Part, 'name' | 'json' | 'writes'>} part
 * @param {{ stdout: string, file: string }} written what it printed, and the file that it was to write
 */
export function resultOf({ name, json, writes }, { stdout, file }) {
  if (json || writes) return existsSync(file) ? parsed(readFileSync(file, 'utf8')) : null;
  return name.startsWith('verify') ? verdict(stdout) : lastObject(stdout);
}

/** Why a part is not ok; undefined where it is. @param {Omit<import('./run-part.mjs').Outcome, 'stdout'>} outcome */
export function reasonOf({ status, seconds, code, lastWords }) {
  if (status === 'ok') return undefined;
  return status === 'timed out' ? `it was ended after ${seconds.toFixed(0)} s` : `exit code ${code}: ${lastWords}`;
}
