// Which adapter Cyclops would choose in an environment.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROBE = fileURLToPath(new URL('./adapter.ts', import.meta.url));
const TIMEOUT_MS = 60_000;

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {'matrices' | 'lanes'} wanted
 * @returns {{ adapter: string } | { reason: string }} the adapter, if it offers what is wanted
 */
export function probe(env, wanted) {
  const options = /** @type {const} */ ({ encoding: 'utf8', env, timeout: TIMEOUT_MS });
  const { status, error, stdout, stderr } = spawnSync('node', ['--import', 'tsx', PROBE, wanted], options);
  if (status === 0) return { adapter: stdout.trim() };
  return { reason: stdout.trim() || error?.message || stderr.trim() || `the probe ended with code ${status}` };
}
