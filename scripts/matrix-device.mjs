// Runs a command on a device with subgroup matrices (chromium-experimental-subgroup-matrix): this machine's own if it
// has them, else the software Vulkan of a newer Mesa, which it fetches from Debian into the cache folder
// ($CYCLOPS_CACHE, or cyclops in the user's) without installing anything. With --or-skip as first argument the command
// is left out, and it says why, where there is no such device. In the command, `node` and scripts that start with it
// run on that device.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureMesa, mesaEnvironment } from './matrix-device/mesa.mjs';

const PROBE = fileURLToPath(new URL('./matrix-device/probe.ts', import.meta.url));
const TIMEOUT_MS = 60_000;
const USAGE = 2;

/** @param {string} line */
const say = (line) => console.error(`matrix device: ${line}`);

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ adapter: string } | { reason: string }} the adapter, if it offers subgroup matrices
 */
function probe(env) {
  const options = /** @type {const} */ ({ encoding: 'utf8', env, timeout: TIMEOUT_MS });
  const { status, error, stdout, stderr } = spawnSync('node', ['--import', 'tsx', PROBE], options);
  if (status === 0) return { adapter: stdout.trim() };
  return { reason: stdout.trim() || error?.message || stderr.trim() || `the probe ended with code ${status}` };
}

/** @returns {{ adapter: string, env: NodeJS.ProcessEnv } | { reason: string }} */
function findDevice() {
  const own = probe(process.env);
  if ('adapter' in own) return { ...own, env: process.env };
  const mesa = ensureMesa(say);
  if ('reason' in mesa) return { reason: `${own.reason}, and a Mesa that does cannot be fetched: ${mesa.reason}` };
  const env = mesaEnvironment(mesa.root);
  const software = probe(env);
  if ('adapter' in software) return { ...software, env };
  return { reason: `${software.reason}, with the Mesa in ${mesa.root}. Delete it to fetch it again` };
}

const args = process.argv.slice(2);
const orSkip = args[0] === '--or-skip';
const command = orSkip ? args.slice(1) : args;
if (command.length === 0) {
  say('give a command, such as npm run matrix-device -- vitest run test/kernels/matrix');
  process.exit(USAGE);
}
const device = findDevice();
if ('reason' in device) {
  say(`${orSkip ? 'SKIPPED' : 'cannot run'} ${command.join(' ')}: ${device.reason}`);
  process.exit(orSkip ? 0 : 1);
}
say(device.adapter);
const [file = '', ...rest] = command;
const { status, error } = spawnSync(file, rest, { stdio: 'inherit', env: device.env });
if (error) say(`${file} could not be started: ${error.message}`);
process.exit(status ?? 1);
