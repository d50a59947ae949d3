import { PACKAGE } from './package-json.ts';

/** This program's own version. */
export const VERSION = textAt(PACKAGE, 'version');

/** Versions of what decides the bits of a result. */
export function versions(): Record<string, string> {
  return { cyclops: VERSION, node: process.versions.node, webgpu: textAt(PACKAGE, 'dependencies', 'webgpu') };
}

function textAt(json: unknown, ...path: string[]): string {
  let value = json;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof value === 'string' ? value : 'unknown';
}
