// Which adapter Cyclops would choose in an environment.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureMesa, mesaEnvironment } from './mesa.mjs';

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

/**
 * The software Vulkan of the newer Mesa, fetched unless it is there.
 * @param {(line: string) => void} say
 * @param {'matrices' | 'lanes'} wanted
 * @param {NodeJS.ProcessEnv} [more] of its environment
 * @returns {import('./command.mjs').Found}
 */
export function probeNewerMesa(say, wanted, more = {}) {
  const mesa = ensureMesa(say);
  if ('reason' in mesa) return { reason: `a newer Mesa cannot be fetched: ${mesa.reason}` };
  const env = { ...mesaEnvironment(mesa.root), ...more };
  const found = probe(env, wanted);
  if ('adapter' in found) return { ...found, env };
  return { reason: `${found.reason}, with the Mesa in ${mesa.root}. Delete it to fetch it again` };
}
