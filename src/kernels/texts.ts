/**
 * The texts of this package's kernels: here from the files in wgsl/. The build puts a module in this one's place that holds
 * them, so that a bundle of a program needs no files.
 */
import { existsSync, readFileSync } from 'node:fs';

/** @param name of a file in wgsl/, with its folder. @returns its text, or null where there is no such file */
export function textOf(name: string): string | null {
  const url = new URL(`./wgsl/${name}`, import.meta.url);
  return existsSync(url) ? readFileSync(url, 'utf8') : null;
}
