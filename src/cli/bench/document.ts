/** What every result says of where it comes from, and where results go. */

import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import type { Device } from '../../gpu/device.ts';
import { requireOutput, textKind } from '../../workflow/common/outputs.ts';
import { versions } from '../../workflow/common/versions.ts';
import { visibleLines } from '../text/visible.ts';

/** Options of every bench command. */
export interface JsonOption {
  /** `true`: on standard output, instead of the table. A file's name: there, besides the table. */
  json?: true | string;
}

const MEASUREMENTS = textKind('a measurement', /^\{\s*"command": "cyclops /);

/** Refuses a file for results that would overwrite something else, before anything is measured. @throws UsageError */
export function requireDocument({ json }: JsonOption): void {
  if (typeof json === 'string') requireOutput('--json', json, MEASUREMENTS);
}

/** Prints results as a table or as JSON, with device, driver, versions, commit, date and command. */
export function deliver(device: Device, { json }: JsonOption, results: object, text: string): void {
  if (typeof json === 'string') writeJson(device, json, results);
  process.stdout.write(json === true ? documentOf(device, results) : text);
}

/** Writes results to a file, with where they come from. */
export function writeJson(device: Device, path: string, results: object): void {
  writeFileAtomic(path, documentOf(device, results));
}

function documentOf(device: Device, results: object): string {
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
  return `${visibleLines(JSON.stringify({ ...origin(device), ...results }, rounded, 2))}\n`;
}

function origin({ info }: Device): object {
  const { name, device, vendor, architecture, software } = info;
  return {
    command: ['cyclops', ...process.argv.slice(2)].join(' '),
    date: new Date().toISOString(),
    commit: commit(),
    device: { name: device, driver: name, vendor, architecture, software },
    versions: versions(),
  };
}

/** The commit of this checkout, with `-dirty` behind it where files differ from it; null outside of a checkout of Cyclops. */
function commit(): string | null {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== realpathSync(root)) return null;
    return git('describe', '--always', '--dirty', '--abbrev=40', '--exclude=*');
  } catch {
    return null;
  }
}
