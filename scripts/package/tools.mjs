// The tools of this folder: what checks the package and writes its API pages.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages, missingPackages } from '../setup/packages.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Installs them where they are missing. @returns {boolean} whether they are there */
export function ensureTools() {
  return missingPackages(FOLDER).length === 0 || installPackages(FOLDER);
}

/**
 * The script of a tool, to be run by node.
 * @param {string} path below node_modules
 */
export function toolPath(path) {
  return join(FOLDER, 'node_modules', path);
}

/**
 * Runs a command to its end.
 * @param {string} file @param {readonly string[]} args @param {string} cwd
 * @returns {{ ok: boolean, stdout: string, said: string }} `said` is all that it printed
 */
export function run(file, args, cwd) {
  const shell = process.platform === 'win32' && file === 'npm';
  const { status, error, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8', shell, maxBuffer: 2 ** 26 });
  const said = [error?.message ?? '', stdout ?? '', stderr ?? ''].join('\n').trim();
  return { ok: status === 0, stdout: stdout ?? '', said };
}
