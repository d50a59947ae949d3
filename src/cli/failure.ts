import { unexpectedFileError } from '../data/files/fs-error.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { visible, visibleLines } from '../report/parts/visible.ts';
import { UsageError } from '../workflow/common/usage-error.ts';
import { adviceOn } from './advice.ts';

/** Exit codes: done, failed, wrong use, an anomaly where that was to fail, and stopped by Ctrl-C as shells number it. */
export const EXIT = { done: 0, failed: 1, usage: 2, flagged: 3, interrupted: 130 } as const;

const WIDTH = 100;

/** Tells the person at the keyboard what went wrong, on standard error, and returns the exit code. */
export function reportFailure(thrown: unknown): number {
  const error = unexpectedFileError(thrown) ?? thrown;
  if (error instanceof CyclopsError) {
    const advice = adviceOn(error);
    process.stderr.write(`${wrap(`cyclops: ${error.message}${advice ? ` ${advice}` : ''}`)}\n`);
    if (process.env.CYCLOPS_DEBUG && error !== thrown && thrown instanceof Error)
      process.stderr.write(`${visibleLines(`${thrown.stack}`)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
  const paragraph =
    `cyclops: This is a fault of the program, not of your input: ${message} Please report it with the command that you ` +
    'ran. Set CYCLOPS_DEBUG=1 to see where it happened.';
  process.stderr.write(`${wrap(paragraph)}\n`);
  if (process.env.CYCLOPS_DEBUG && error instanceof Error) process.stderr.write(`${visibleLines(`${error.stack}`)}\n`);
  return EXIT.failed;
}

/** Breaks a paragraph at spaces; what has none, such as a path, stays whole. Control characters, as of a file's name, are shown. */
export function wrap(paragraph: string, width = Math.min(process.stderr.columns || WIDTH, WIDTH)): string {
  const lines: string[] = [];
  let line = '';
  for (const word of visible(paragraph).split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}
