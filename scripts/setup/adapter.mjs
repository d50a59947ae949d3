// Does Dawn find an adapter? Asked in a child process: a driver that crashes must not take the set-up with it.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const PROBE = fileURLToPath(new URL('./probe-adapter.mjs', import.meta.url));
const TIMEOUT_MS = 60_000;

/** @returns {{ adapter: string } | { adapter: undefined, reason: string }} the adapter's name, or why there is none */
export function probeAdapter() {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [PROBE], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    // Mesa prints a complaint without it.
    env: { ...process.env, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir() },
  });
  if (status === 0) return { adapter: stdout.trim() };
  const words = stderr.split('\n').find((line) => /error|warning|cannot/i.test(line)) ?? stderr.split('\n')[0] ?? '';
  return { adapter: undefined, reason: words.trim() || `the probe ended with ${signal ?? `code ${status}`}` };
}
