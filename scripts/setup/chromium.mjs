// A Chromium to look at reports with.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptInstall, rootPrefix } from './apt.mjs';
import { osRelease } from './machine.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The program that $CYCLOPS_CHROMIUM names, else one in the path. @returns {string | undefined} */
export function findChromium() {
  if (process.env.CYCLOPS_CHROMIUM) return process.env.CYCLOPS_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/**
 * Installs Debian's.
 * @param {(line: string) => void} say
 * @returns {string | undefined} why there is none
 */
export function installChromium(say) {
  if (osRelease().ID !== 'debian') return 'it is installed automatically on Debian only';
  const root = rootPrefix();
  if ('reason' in root) return `installing it ${root.reason}`;
  return aptInstall(root.prefix, ['chromium'], { what: 'Chromium', say });
}
