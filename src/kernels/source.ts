/** The one file of the engine that loads WGSL text: from the files beside it. */
import { readFileSync } from 'node:fs';
import type { Kernel } from '../gpu/launch.ts';

const defined = new Map<string, Kernel>();

/**
 * The kernel of `wgsl/<name>.wgsl` with these `override` constants; the same object for the same arguments.
 *
 * @param access one letter a binding: `r` = read, `w` = read and write.
 */
export function kernel(name: string, access: string, constants: Record<string, number> = {}): Kernel {
  const key = `${name} ${JSON.stringify(constants)}`;
  let found = defined.get(key);
  if (!found) {
    const code = readFileSync(new URL(`./wgsl/${name}.wgsl`, import.meta.url), 'utf8');
    found = { name, code, access, constants };
    defined.set(key, found);
  }
  return found;
}
