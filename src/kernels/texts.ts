/**
 * The texts of this package's kernels, read from the files in wgsl/. The build freezes it: the compiled module holds the texts, so
 * that a bundle of a program needs no files.
 */
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('./wgsl/', import.meta.url);

/** By file name with its folder inside wgsl/, e.g. `conv2d/parts/conv.wgsl`. */
export const TEXTS: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wgsl'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => [path, readFileSync(new URL(path, FOLDER), 'utf8')]),
);
