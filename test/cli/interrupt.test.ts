import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('interrupt-program.ts', import.meta.url));

it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s asks politely', async (name) => {
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
    if (said === 'ready\n') child.kill(name);
  });
  const ended = await new Promise((resolve) => child.on('close', (code, signal) => resolve([code, signal])));
  expect([said, ended]).toEqual(['ready\nstopping\n', [7, null]]);
});
