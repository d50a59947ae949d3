// Runs the command that a script was given on a device that the script finds.
import { spawnSync } from 'node:child_process';

const USAGE = 2;

/** @typedef {{ adapter: string, env: NodeJS.ProcessEnv } | { reason: string }} Found */

/**
 * With --or-skip as the first argument the command is left out, and it is said why, where there is no such device.
 * @param {string} name for what is said
 * @param {string} example a command
 * @param {(say: (line: string) => void) => Found} find
 * @returns {number} the exit code
 */
export function runOn(name, example, find) {
  /** @param {string} line */
  const say = (line) => console.error(`${name}: ${line}`);
  const args = process.argv.slice(2);
  const orSkip = args[0] === '--or-skip';
  const [file, ...rest] = orSkip ? args.slice(1) : args;
  if (file === undefined) {
    say(`give a command, such as ${example}`);
    return USAGE;
  }
  const device = find(say);
  if ('reason' in device) {
    say(`${orSkip ? 'SKIPPED' : 'cannot run'} ${[file, ...rest].join(' ')}: ${device.reason}`);
    return orSkip ? 0 : 1;
  }
  say(device.adapter);
  const { status, error } = spawnSync(file, rest, { stdio: 'inherit', env: device.env });
  if (error) say(`${file} could not be started: ${error.message}`);
  return status ?? 1;
}
