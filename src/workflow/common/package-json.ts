import { readFileSync } from 'node:fs';

/** What package.json says. The build freezes it, so that a bundle of a program needs no files. */
export const PACKAGE: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
