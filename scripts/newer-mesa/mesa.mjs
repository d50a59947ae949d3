// A Mesa whose software Vulkan offers subgroup matrices, from Debian, in the user's cache folder.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureUnpacked, NEW_SUITES } from '../debian.mjs';

const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];
const DRIVER = 'usr/share/vulkan/icd.d/lvp_icd.json';

/**
 * Fetches Mesa unless the cache has it.
 * @param {(line: string) => void} say
 * @returns {{ root: string } | { reason: string }} where it is, or why it is not to be had
 */
export function ensureMesa(say) {
  return ensureUnpacked(`mesa-${NEW_SUITES.at(-1)}`, {
    ...{ packages: PACKAGES, suites: NEW_SUITES, megabytes: 75, prepare, say },
  });
}

/**
 * Makes unpacked packages ready to be used where they lie. Their C library is newer than many a machine's, so bin/node
 * starts Node under their own loader; programs beside it see nothing of them.
 * @param {string} root
 * @returns {string | undefined} what is missing
 */
function prepare(root) {
  const base = join(root, 'usr/lib');
  const triplet = readdirSync(base).find((name) => existsSync(join(base, name, 'libvulkan_lvp.so')));
  if (!triplet) return 'the packages hold no libvulkan_lvp.so';
  const libraries = readdirSync(join(base, triplet));
  const loader = libraries.find((name) => name.startsWith('ld-linux'));
  if (!loader) return 'the packages hold no loader';
  // The drivers of real GPUs are half of it.
  for (const name of libraries) if (/^libvulkan_(?!lvp)/.test(name)) rmSync(join(base, triplet, name));

  const description = JSON.parse(readFileSync(join(root, DRIVER), 'utf8'));
  description.ICD.library_path = `../../../lib/${triplet}/libvulkan_lvp.so`;
  writeFileSync(join(root, DRIVER), JSON.stringify(description));

  const bin = join(root, 'bin');
  mkdirSync(bin);
  const start = `exec "$libraries/${loader}" --library-path "$libraries" "$CYCLOPS_NODE" --require "$bin/exec-path.cjs" "$@"`;
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nbin=\${0%/*}\nlibraries=\${bin%/*}/usr/lib/${triplet}\n${start}\n`, {
    mode: 0o755,
  });
  // Node takes the loader for itself, and would start that where a program starts Node again.
  writeFileSync(join(bin, 'exec-path.cjs'), "process.execPath = require('node:path').join(__dirname, 'node');\n");
  return undefined;
}

/**
 * The environment in which the command `node` is this Node on that Mesa.
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
export function mesaEnvironment(root) {
  return {
    XDG_RUNTIME_DIR: tmpdir(),
    ...process.env,
    PATH: `${join(root, 'bin')}:${process.env.PATH}`,
    VK_DRIVER_FILES: join(root, DRIVER),
    CYCLOPS_NODE: process.execPath,
  };
}
