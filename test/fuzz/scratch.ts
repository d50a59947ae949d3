import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

let folder: string | null = null;

/** A folder that lives as long as this process. */
export function scratch(): string {
  if (folder === null) {
    const made = mkdtempSync(join(tmpdir(), 'cyclops-fuzz-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

/** Writes an input where its reader looks for it. @returns the path of the folder that it was asked to lie in */
export function laid(place: string, file: string, input: Uint8Array): string {
  const path = join(scratch(), place, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, input);
  return join(scratch(), place);
}
