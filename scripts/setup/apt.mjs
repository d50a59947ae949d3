// Installing packages of Debian and its relatives for the whole machine.
import { spawnSync } from 'node:child_process';
import { lastWords } from './last-words.mjs';

// Lines of a failed command's output that are shown.
const SHOWN_LINES = 15;
// Never at the price of something else on the machine.
const OPTIONS = ['-y', '-q', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=300'];

/** What goes before a command of root. @returns {{ prefix: string[] } | { reason: string }} */
export function rootPrefix() {
  if (process.getuid?.() === 0) return { prefix: [] };
  if (spawnSync('sudo', ['-n', 'true']).status === 0) return { prefix: ['sudo', '-n'] };
  return { reason: 'needs root, or sudo that asks no password' };
}

/**
 * Runs a command as root.
 * @param {string[]} prefix
 * @param {string[]} command
 * @param {string} [input]
 * @returns {string | undefined} the end of its output if it failed
 */
export function runAsRoot(prefix, command, input = '') {
  const [file = '', ...args] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
  const result = spawnSync(file, args, { encoding: 'utf8', input, maxBuffer: 2 ** 26 });
  return result.status === 0 ? undefined : `${command.join(' ')}\n${lastWords(result, SHOWN_LINES)}`;
}

/**
 * Installs packages with apt, saying each step.
 * @param {string[]} prefix
 * @param {string[]} packages
 * @param {{ what: string, release?: string[], say: (line: string) => void }} options
 * @returns {string | undefined} what went wrong
 */
export function aptInstall(prefix, packages, { what, release = [], say }) {
  const install = ['apt-get', 'install', ...OPTIONS, ...release, ...packages];
  say('reading the package lists: apt-get update');
  // It fails when any source of the machine does, needed here or not: what counts is whether the install works.
  const stale = runAsRoot(prefix, ['apt-get', 'update', '-q']);
  say(`installing ${what}, which takes a minute or two: ${install.join(' ')}`);
  const failed = runAsRoot(prefix, install);
  return failed && stale ? `${stale}\n${failed}` : failed;
}
