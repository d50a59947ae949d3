/** This program's own version: that of package.json, which a bundle does not have beside it. */
export const VERSION = '0.2.0';

/** That of the package `webgpu` in package.json. */
const WEBGPU = '0.6.2';

/** Versions of what decides the bits of a result. */
export function versions(): Record<string, string> {
  return { cyclops: VERSION, node: process.versions.node, webgpu: WEBGPU };
}
