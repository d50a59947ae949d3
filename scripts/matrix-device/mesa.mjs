// A Mesa whose software Vulkan offers subgroup matrices, from Debian, in the user's cache folder.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEW_SUITES, unpackPackages } from '../debian.mjs';

const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];
const DRIVER = 'usr/share/vulkan/icd.d/lvp_icd.json';

/** The folder that survives between runs: $CYCLOPS_CACHE, or cyclops in the user's cache folder. @returns {string} */
const cacheFolder = () =>
  process.env.CYCLOPS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cyclops');

/**
 * Fetches Mesa unless the cache has it.
 * @param {(line: string) => void} say
 * @returns {{ root: string } | { reason: string }} where it is, or why it is not to be had
 */
export function ensureMesa(say) {
  if (process.platform !== 'linux') return { reason: 'its libraries run on Linux only' };
  const cache = cacheFolder();
  const root = join(cache, `mesa-${NEW_SUITES.at(-1)}`);
  if (existsSync(root)) return { root };
  say(`fetching ${PACKAGES.join(' and ')} of Debian's ${NEW_SUITES.at(-1)}, about 75 MB, into ${root}`);
  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(join(cache, 'partial-'));
  try {
    const reason = unpackPackages(PACKAGES, { suites: NEW_SUITES, folder: partial }) ?? prepare(partial);
    if (reason) return { reason };
    // Someone else may have been faster.
    if (!existsSync(root)) renameSync(partial, root);
    return { root };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
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
