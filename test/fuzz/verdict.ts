import { CyclopsError } from '../../src/gpu/errors.ts';

/** Longer than a page is no message. */
const LONGEST_MESSAGE = 2000;

/** What is wrong with an error that refused an input; null where it is as errors should be. */
export function faultOf(error: unknown): string | null {
  if (!(error instanceof CyclopsError)) return `it was refused by no error of ours: ${textOf(error)}`;
  const { message } = error;
  if (message.length > LONGEST_MESSAGE) return `the message has ${message.length} characters`;
  const stray = message.match(/\[object \w+\]|\bundefined\b|\n\s+at .+:\d+:\d+/);
  return stray ? `the message says '${stray[0]}': ${message.slice(0, 300)}` : null;
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.stack}` : String(error);
}
