/**
 * Files that the page of a report carries. The build freezes it: the compiled module holds their texts, so that a bundle of a program
 * needs no files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const CLIENT = new URL('./client/', import.meta.url);
const { resolve } = createRequire(import.meta.url);

/** The chart library. */
export const UPLOT = {
  script: read(resolve('uplot/dist/uPlot.iife.min.js')),
  style: read(resolve('uplot/dist/uPlot.min.css')),
  licence: read(resolve('uplot/LICENSE')),
};

/** The page's own scripts by name: the modules of client/. */
export const PAGE_SCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(CLIENT)
    .sort()
    .map((file) => [file.replace(/\.js$/, ''), read(new URL(file, CLIENT))]),
);

/** With the line ends that a browser makes of all others before it looks at a hash. */
function read(path: string | URL): string {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
}
