import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('interrupt-program.ts', import.meta.url));
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** What the program says and how it ends, when it gets a signal as soon as it is ready. */
async function interrupted(name: NodeJS.Signals, ...args: string[]): Promise<[string, number | null, string | null]> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
    if (said === 'ready\n') child.kill(name);
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve([said, code, signal])));
}

it.each(SIGNALS)('%s asks politely', async (name) => {
  expect(await interrupted(name)).toEqual(['ready\nstopping\n', 7, null]);
});

it.each(SIGNALS)('%s ends with the code of Ctrl-C where nobody catches it', async (name) => {
  expect(await interrupted(name, 'plain')).toEqual(['ready\n', 130, null]);
});
