import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { completeFolder, writeFolderAtomic } from '../../data/files/atomic.ts';
import { crc32 } from '../../data/files/crc32.ts';
import { described, parseJson } from '../../data/files/json.ts';
import { readBytes, readText } from '../../data/files/read.ts';
import { byName, hexadecimal, object } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type Manifest, manifestSchema } from '../manifest.ts';

const MANIFEST = 'manifest.json';
/**
 * Of the manifest: the CRC-32 of each file of the checkpoint by its name, in hexadecimal, and under its own name that of the JSON of all else
 * that it holds. Checkpoints of earlier versions have none.
 */
const CHECKSUMS_KEY = 'crc32';

const checksumsSchema = described(object({ [CHECKSUMS_KEY]: v.exactOptional(byName(hexadecimal(8))) }), {
  holds: 'the checksums of a checkpoint',
  remedy: 'Restore the file, or start the run again.',
});

/**
 * Writes the files of a checkpoint with a manifest that knows them again, in place of the checkpoint before.
 *
 * @throws CyclopsError as `writeFolderAtomic` does; the old checkpoint is left
 */
export function writeCheckpoint(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  manifest: Manifest,
): void {
  const checksums = [
    [MANIFEST, checksum(JSON.stringify(manifest))],
    ...[...files].map(([name, content]) => [name, checksum(content)]),
  ];
  const sealed = { ...manifest, [CHECKSUMS_KEY]: Object.fromEntries(checksums) };
  writeFolderAtomic(folder, (temporary) => {
    for (const [name, content] of files) writeFileSync(join(temporary, name), content);
    writeFileSync(join(temporary, MANIFEST), `${JSON.stringify(sealed, null, 2)}\n`);
  });
}

/**
 * The files of one checkpoint: of that which stood in the folder when this was made, and of no other that a training may put there
 * meanwhile. Each is compared with its checksum when it is read.
 */
export class CheckpointFiles {
  readonly manifest: Manifest;
  private readonly identity: string;
  private readonly checksums: ReadonlyMap<string, string> | null;

  /** @throws CyclopsError when there is no checkpoint in the folder, or its manifest is damaged */
  constructor(readonly folder: string) {
    this.identity = identityOf(folder);
    const path = this.pathOf(MANIFEST);
    const json = readText(path);
    this.manifest = parseJson(json, manifestSchema, path);
    const checksums = parseJson(json, checksumsSchema, path)[CHECKSUMS_KEY];
    this.checksums = checksums ? new Map(Object.entries(checksums)) : null;
    if (checksums) this.compare(MANIFEST, JSON.stringify({ ...JSON.parse(json), [CHECKSUMS_KEY]: undefined }));
  }

  /** Where a file is now, for messages too: its folder has another name for a moment when the next checkpoint takes its place. */
  pathOf(name: string): string {
    return join(completeCheckpoint(this.folder), name);
  }

  /** Whether the checkpoint was written with such a file. */
  has(name: string): boolean {
    return this.checksums ? this.checksums.has(name) : existsSync(this.pathOf(name));
  }

  /** @throws CyclopsError when the file is missing or not as it was written, and when the checkpoint is another by now */
  read(name: string): Uint8Array<ArrayBuffer> {
    try {
      const bytes = readBytes(this.pathOf(name));
      if (this.checksums) this.compare(name, bytes);
      else this.requireTheSame();
      return bytes;
    } catch (error) {
      // What does not fit may be of the next checkpoint, and is whole then.
      this.requireTheSame();
      throw error;
    }
  }

  private compare(name: string, content: string | Uint8Array): void {
    if (this.checksums?.get(name) === checksum(content)) return;
    throw new CyclopsError(
      `${this.pathOf(name)} does not have the checksum that ${MANIFEST} beside it holds: it was damaged, replaced, or edited by hand, which no ` +
        'file of a checkpoint is meant for. Restore the whole folder from a copy, or start the run again.',
    );
  }

  private requireTheSame(): void {
    if (isStill(this.folder, this.identity)) return;
    throw new CyclopsError(
      `The checkpoint in ${this.folder} was replaced by another while it was in use: a training goes on in this run. Wait until it has ended, or ` +
        'use the model.safetensors of the run, which it replaces only at its end.',
    );
  }
}

/** The folder of the last whole checkpoint that was written as `folder`. @throws CyclopsError when there is none */
export function completeCheckpoint(folder: string): string {
  const found = completeFolder(folder);
  if (found) return found;
  throw new CyclopsError(`There is no checkpoint in ${folder}; expected the folder that training writes there.`);
}

/** What no two checkpoints of a run have in common: checksums, or the step and the time that led to it. */
function identityOf(folder: string): string {
  const complete = completeCheckpoint(folder);
  return [MANIFEST, 'position.json'].map((name) => readText(join(complete, name))).join('');
}

function isStill(folder: string, identity: string): boolean {
  try {
    return identityOf(folder) === identity;
  } catch {
    // It is being replaced, or was taken away.
    return false;
  }
}

function checksum(content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return crc32(bytes).toString(16).padStart(8, '0');
}
