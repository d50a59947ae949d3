/** The one file of the engine that loads WGSL text: from the files beside it. */
import { readFileSync } from 'node:fs';
import type { Kernel } from '../gpu/launch.ts';

/** A kernel's name, for `wgsl/<name>.wgsl`, or the URL of a .wgsl file elsewhere. */
export type KernelSource = string | URL;

const defined = new Map<string, Kernel>();

/**
 * The kernel of a WGSL file with these `override` constants; the same object for the same arguments.
 *
 * @param access one letter a binding: `r` = read, `w` = read and write.
 */
export function kernel(source: KernelSource, access: string, constants: Record<string, number> = {}): Kernel {
  const key = `${source} ${JSON.stringify(constants)}`;
  let found = defined.get(key);
  if (!found) {
    const name = typeof source === 'string' ? source : (source.pathname.split('/').at(-1) ?? source.href);
    found = { name, code: sourceText(source), access, constants };
    defined.set(key, found);
  }
  return found;
}

/** The WGSL text of a kernel. */
export function sourceText(source: KernelSource): string {
  const url = typeof source === 'string' ? new URL(`./wgsl/${source}.wgsl`, import.meta.url) : source;
  return readFileSync(url, 'utf8');
}
