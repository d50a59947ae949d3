import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from './fs-error.ts';

/** Bytes that memory should not hold, in a file of this process alone. It is made when something is put there. */
export class ScratchFile {
  private readonly path: string;
  private descriptor: number | null = null;
  private size = 0;

  /** @param folder that is there, and has room for it */
  constructor(folder: string) {
    this.path = join(folder, `scratch-${randomUUID()}`);
  }

  /** @returns where the bytes begin @throws CyclopsError when they cannot be written */
  append(bytes: Uint8Array): number {
    const start = this.size;
    try {
      this.descriptor ??= this.open();
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.descriptor, bytes, done, bytes.length - done, start + done);
    } catch (error) {
      throw fileError(error, 'write', this.path);
    }
    this.size += bytes.length;
    return start;
  }

  /** @throws CyclopsError when they cannot be read */
  read(start: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    try {
      for (let done = 0; done < length; ) {
        const got = this.descriptor === null ? 0 : readSync(this.descriptor, bytes, done, length - done, start + done);
        if (got === 0)
          throw new CyclopsError(`${this.path} ends before byte ${start + length}: it was cut off by something else.`);
        done += got;
      }
    } catch (error) {
      throw fileError(error, 'read', this.path);
    }
    return bytes;
  }

  /** Closes the file, which is gone then. */
  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
    rmSync(this.path, { force: true });
  }

  private open(): number {
    const descriptor = openSync(this.path, 'wx+');
    // Without a name, so that nothing is left of it however the process ends. Where a system forbids that, `close` removes it.
    try {
      rmSync(this.path);
    } catch {}
    return descriptor;
  }
}
