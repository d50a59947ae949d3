// What this machine says of itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const APT = '/etc/apt';

/** The fields of /etc/os-release; empty on a system without. @returns {Record<string, string>} */
export function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries([...lines].map(([, key, value]) => [key, value]));
}

/** The files that say where apt installs from. @returns {import('./apt-sources.mjs').SourcesFile[]} */
export function aptSources() {
  const parts = join(APT, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).filter((name) => /\.(list|sources)$/.test(name)) : [];
  return [join(APT, 'sources.list'), ...names.sort().map((name) => join(parts, name))]
    .filter((path) => existsSync(path))
    .map((path) => ({ name: path, text: readFileSync(path, 'utf8') }));
}
