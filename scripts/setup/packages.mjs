// Are the packages of package-lock.json installed? If not, npm ci.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What both lockfiles say of a package.
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   optionalDependencies?: Record<string, string>
 *   }} LockEntry
 */

/**
 * An optional entry is one of several platforms' binaries, or something that only another platform's binary needs.
 * @param {LockEntry} entry
 * @param {{ os: string, cpu: string, libc: string | undefined }} platform
 */
function isNeeded(entry, platform) {
  if (!entry.optional) return true;
  if (!entry.os && !entry.cpu) return false;
  return (
    (entry.os?.includes(platform.os) ?? true) &&
    (entry.cpu?.includes(platform.cpu) ?? true) &&
    (entry.libc === undefined || platform.libc === undefined || entry.libc.includes(platform.libc))
  );
}

/** @returns {string | undefined} glibc or musl; undefined where the question makes no sense */
function libcOfThisMachine() {
  if (process.platform !== 'linux') return undefined;
  return existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
}

/**
 * @param {string} path
 * @returns {Record<string, LockEntry>} empty when there is no such file or npm did not finish it
 */
function lockEntries(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return {};
  }
}

/**
 * Compares package-lock.json with npm's own record of what it put into node_modules, and looks whether it is there.
 * @param {string} root the project's folder
 * @returns {string[]} name@version of each package that is missing or of another version
 */
export function missingPackages(root) {
  const platform = { os: process.platform, cpu: process.arch, libc: libcOfThisMachine() };
  const installed = lockEntries(join(root, 'node_modules', '.package-lock.json'));
  const wanted = lockEntries(join(root, 'package-lock.json'));
  // The engine alone does without them; the commands here do not.
  const own = Object.keys(wanted['']?.optionalDependencies ?? {}).map((name) => `node_modules/${name}`);
  return Object.entries(wanted)
    .filter(([path, entry]) => {
      if (path === '' || !(own.includes(path) || isNeeded(entry, platform))) return false;
      const there = installed[path];
      const same = there?.version === entry.version && there?.integrity === entry.integrity;
      return !same || !existsSync(join(root, path, 'package.json'));
    })
    .map(([path, entry]) => `${path.replace(/^.*node_modules\//, '')}@${entry.version}`);
}

/**
 * Installs exactly what package-lock.json lists, development packages too (the tests and the TypeScript runner are
 * among them) even where NODE_ENV is production. No package needs its install script here, so none runs.
 * @param {string} root
 * @returns {boolean} whether npm was content
 */
export function installPackages(root) {
  const npm = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
  // npm's output goes to standard error; on Windows npm is a .cmd file, which only a shell can start.
  const { status } = spawnSync('npm', npm, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  return status === 0;
}
