import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getHeapSpaceStatistics } from 'node:v8';
import { compileLibrary } from '../shared-library.ts';

const MIB = 2 ** 20;
const SOURCE = fileURLToPath(new URL('heap-in-use.c', import.meta.url));

/**
 * Builds what counts the heap of glibc.
 * @param folder where it is built
 * @returns its file, or why there is none
 */
export function buildHeapInUse(folder: string): { file: string } | { reason: string } {
  if (process.platform !== 'linux') return { reason: 'it is for Linux' };
  const file = join(folder, 'heap-in-use.node');
  const reason = compileLibrary(SOURCE, file);
  return reason === null ? { file } : { reason };
}

/**
 * @returns MiB of this process's memory that no file backs. Pages of files are the system's own: it takes those of a driver back while they
 * are idle and reads them again, which is neither growth nor the opposite. Other systems than Linux tell all resident memory alone.
 */
export function residentMebibytes(): number {
  if (process.platform !== 'linux') return process.memoryUsage.rss() / MIB;
  const status = readFileSync('/proc/self/status', 'utf8');
  return (kibibytes(status, 'RssAnon') + kibibytes(status, 'RssShmem')) / 1024;
}

/**
 * @param file what `buildHeapInUse` built
 * @returns a function that tells MiB that are in use in the heaps of glibc and of V8, without machine code. Both keep pages of which a small
 * part is in use, more of them the longer they work, up to some number: so resident memory creeps where nothing is kept. What a driver maps
 * past both, as for its own machine code, shows in {@link residentMebibytes} alone.
 */
export function loadInUse(file: string): () => number {
  const addon = { exports: (): number => 0 };
  process.dlopen(addon, file);
  return () => {
    const v8 = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.startsWith('code_'));
    return v8.reduce((sum, { space_used_size }) => sum + space_used_size, addon.exports()) / MIB;
  };
}

const kibibytes = (text: string, field: string) =>
  Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN);
