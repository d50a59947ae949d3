/** The one file of the engine that loads WGSL text: from the files beside it. */
import { existsSync, readFileSync } from 'node:fs';
import type { Kernel } from '../gpu/launch.ts';
import { type Expanded, expandIncludes } from './include.ts';

const expanded = new Map<string, Expanded>();
const defined = new Map<string, Kernel>();

/**
 * The kernel of `wgsl/<name>.wgsl`, with its includes, under these `override` constants; the same object for the same arguments.
 *
 * @param access one letter a binding: `r` = read, `w` = read and write.
 * @throws CyclopsError when the file or one that it includes does not exist.
 */
export function kernel(name: string, access: string, constants: Record<string, number> = {}): Kernel {
  const key = `${name} ${JSON.stringify(constants)}`;
  let found = defined.get(key);
  if (!found) {
    found = { name, ...load(name), access, constants };
    defined.set(key, found);
  }
  return found;
}

/**
 * The text of `wgsl/<name>.wgsl` with its includes, as the device sees it.
 *
 * @throws CyclopsError when the file or one that it includes does not exist.
 */
export function wgslText(name: string): string {
  return load(name).code;
}

function load(name: string): Expanded {
  let found = expanded.get(name);
  if (!found) {
    // Errors name the file that a person edits, wherever this one was compiled to.
    found = expandIncludes('src/kernels/wgsl', `${name}.wgsl`, read);
    expanded.set(name, found);
  }
  return found;
}

function read(name: string): string | null {
  const url = new URL(`./wgsl/${name}`, import.meta.url);
  return existsSync(url) ? readFileSync(url, 'utf8') : null;
}
