/** Where results of measurements go. */
import { writeFileAtomic } from '../../data/files/atomic.ts';
import type { Device } from '../../gpu/device.ts';
import { visibleLines } from '../../report/parts/visible.ts';
import { requireOutput, textKind } from '../../workflow/common/outputs.ts';
import { origin } from './origin.ts';

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

/** Prints results as a table or as JSON, with where they come from. */
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
