/** Decodes the files of a folder, one after another, and prints what came of each and by how much the memory of the process peaked higher, in MiB. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, readImageHeader } from '../../../src/data/images/decode.ts';

const [, , folder = '.'] = process.argv;
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
const names = readdirSync(folder).sort();
const outcomes: { name: string; came: string; mebibytes: number }[] = [];

async function decode(name: string): Promise<string> {
  // As of files that may be read part by part.
  await readImageHeader(join(folder, name)).catch(() => {});
  try {
    const { width, height, channels } = await decodeImage(join(folder, name));
    return `${width} × ${height} × ${channels}`;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
  }
}

async function decodeAll(): Promise<void> {
  // What the libraries take for themselves, whatever they read.
  await decode('plain');
  for (const name of names) {
    const before = peak();
    const came = await decode(name);
    outcomes.push({ name, came, mebibytes: peak() - before });
  }
  process.stdout.write(JSON.stringify(outcomes));
}

await decodeAll();
