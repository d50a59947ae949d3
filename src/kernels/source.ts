/** The one file of the engine that loads WGSL text: from the files beside it. */
import { existsSync, readFileSync } from 'node:fs';
import type { Kernel } from '../gpu/launch.ts';
import { type Expanded, expandIncludes } from './include.ts';

/** A kernel's name, for `wgsl/<name>.wgsl`, or the URL of a .wgsl file elsewhere. */
export type KernelSource = string | URL;

const expanded = new Map<string, Expanded>();
const defined = new Map<string, Kernel>();

/**
 * The kernel of a WGSL file, with its includes, under these `override` constants; the same object for the same arguments.
 *
 * @param access one letter a binding: `r` = read, `w` = read and write.
 * @throws CyclopsError when the file or one that it includes does not exist.
 */
export function kernel(source: KernelSource, access: string, constants: Record<string, number> = {}): Kernel {
  const key = `${source} ${JSON.stringify(constants)}`;
  let found = defined.get(key);
  if (!found) {
    const name = typeof source === 'string' ? source : fileOf(source);
    found = { name, ...load(source), access, constants };
    defined.set(key, found);
  }
  return found;
}

/**
 * The text of a kernel with its includes, as the device sees it.
 *
 * @throws CyclopsError when the file or one that it includes does not exist.
 */
export function sourceText(source: KernelSource): string {
  return load(source).code;
}

function load(source: KernelSource): Expanded {
  let found = expanded.get(`${source}`);
  if (!found) {
    found =
      typeof source === 'string'
        ? // Errors name the file that a person edits, wherever this one was compiled to.
          expandIncludes('src/kernels/wgsl', `${source}.wgsl`, read)
        : expandIncludes(source.pathname.replace(/\/[^/]*$/, ''), fileOf(source), (name) => readBeside(source, name));
    expanded.set(`${source}`, found);
  }
  return found;
}

function read(name: string): string | null {
  return textOf(new URL(`./wgsl/${name}`, import.meta.url));
}

/** A file beside a kernel from elsewhere, or else one of this package's, so that such a kernel can include its parts. */
function readBeside(source: URL, name: string): string | null {
  return textOf(new URL(name, source)) ?? read(name);
}

function textOf(url: URL): string | null {
  return existsSync(url) ? readFileSync(url, 'utf8') : null;
}

function fileOf(url: URL): string {
  return url.pathname.split('/').at(-1) ?? url.href;
}
