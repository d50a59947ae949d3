// Makes the folder gpu-host/kit: Cyclops with everything that a bare GPU host lacks, to be copied there and started
// with run.sh. Takes Node and the libraries from this machine, which must be a 64-bit x86 Linux with glibc, tar and xz.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePeers } from './pack/bundle-peers.mjs';

const OUT = 'gpu-host/kit';
const LIMIT_MIB = 40;
const MIB = 2 ** 20;
/** Of this repository, beside the compiled package: what `verify` compares with, and what measures on a GPU. */
const CARRIED = [
  ...['package.json', 'LICENSE', 'bin', 'dist', 'data', 'test/golden'],
  ...['gpu-host/measure.sh', 'gpu-host/train.sh', 'gpu-host/host', 'bench/peers/torch_cyclegan.py'],
];
const NEEDED_LIBRARIES = ['libvulkan.so.1', 'libstdc++.so.6', 'libgcc_s.so.1'];
/** NVIDIA's Vulkan driver is linked with the first two, and they with the others. */
const X11_LIBRARIES = [
  'libX11.so.6',
  'libXext.so.6',
  'libxcb.so.1',
  'libXau.so.6',
  'libXdmcp.so.6',
  'libbsd.so.0',
  'libmd.so.0',
];

/** @param {string} text @returns {never} */
function fail(text) {
  console.error(`pack:gpu-host: ${text}`);
  process.exit(1);
}

/** @param {string} file @param {string[]} args @param {import('node:child_process').StdioOptions} [stdio] */
function run(file, args, stdio = ['ignore', 'pipe', 'inherit']) {
  const { status, error, stdout } = spawnSync(file, args, { stdio, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) fail(`${file} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
  return stdout;
}

/** Where this machine has its shared libraries, by soname. @returns {Map<string, string>} */
function installedLibraries() {
  const lines = run('/sbin/ldconfig', ['-p']).matchAll(/^\s*(\S+) \(libc6,x86-64[^)]*\) => (\S+)$/gm);
  const found = new Map();
  for (const [, soname, path] of lines) if (!found.has(soname)) found.set(soname, path);
  return found;
}

/** Folders of the packages that Cyclops needs when it runs. @returns {string[]} */
function productionPackages() {
  /** @type {{ packages: Record<string, { dev?: boolean, optional?: boolean }> }} */
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  return Object.entries(lock.packages).flatMap(([path, { dev, optional }]) => (path && !dev && !optional ? path : []));
}

/** Copies what runs to `root`. @param {string} root */
async function collect(root) {
  const cyclops = join(root, 'cyclops');
  for (const path of CARRIED) cpSync(path, join(cyclops, path), { recursive: true });
  const problem = await bundlePeers(join(cyclops, 'bench/peers/bundle'));
  if (problem) console.error(`pack:gpu-host: not carried: jax-js, since ${problem}`);
  for (const path of productionPackages()) {
    // Dawn comes compiled for five platforms.
    const foreign = /^dist\/(?!linux-x64)[a-z0-9]+-[a-z0-9]+$/;
    const filter = (/** @type {string} */ source) =>
      !(path.endsWith('/webgpu') && foreign.test(relative(path, source)));
    cpSync(path, join(cyclops, path), { recursive: true, filter, dereference: true });
  }

  const bin = join(root, 'bin');
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node'));
  chmodSync(join(bin, 'node'), 0o755);
  chmodSync(join(cyclops, 'bin/cyclops.js'), 0o755);
  symlinkSync('../cyclops/bin/cyclops.js', join(bin, 'cyclops'));

  const lib = join(root, 'lib');
  mkdirSync(lib);
  // run.sh puts into standin what the host lacks of lib.
  mkdirSync(join(root, 'standin'));
  const installed = installedLibraries();
  for (const soname of [...NEEDED_LIBRARIES, ...X11_LIBRARIES]) {
    const path = installed.get(soname);
    if (path) copyFileSync(path, join(lib, soname));
    else if (NEEDED_LIBRARIES.includes(soname)) fail(`this machine has no ${soname}; install it and pack again`);
    else console.error(`pack:gpu-host: not carried, since this machine has no ${soname}`);
  }

  const binaries = [join(bin, 'node'), join(cyclops, 'node_modules/webgpu/dist/linux-x64/dawn.node')];
  if (spawnSync('strip', ['--version']).status === 0) run('strip', binaries);
  else console.error('pack:gpu-host: there is no strip (of binutils), so Node and Dawn keep their symbols');
}

/**
 * Compresses `root` into the folder of the kit; named after its content, so that run.sh never mixes two.
 * @param {string} root
 * @param {string} out
 */
function compress(root, out) {
  const archive = join(out, 'partial.tar.xz');
  const reproducible = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const tar = join(root, '..', 'cyclops.tar');
  run('tar', ['-cf', tar, ...reproducible, '-C', root, '.']);
  console.error('pack:gpu-host: compressing, which takes a minute or two');
  run('sh', ['-c', 'exec xz --x86 --lzma2=preset=6 -T0 -c "$1" >"$2"', 'sh', tar, archive]);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const id = createHash('sha256').update(readFileSync(archive)).digest('hex').slice(0, 12);
  renameSync(archive, join(out, `cyclops-${version}-${id}.tar.xz`));
}

/** xz itself and its library, since few hosts have it. @param {string} out */
function carryXz(out) {
  const program = run('sh', ['-c', 'command -v xz || true']).trim();
  const library = installedLibraries().get('liblzma.so.5');
  if (!program || !library) fail('expected xz and liblzma.so.5 on this machine; install xz-utils and pack again');
  mkdirSync(join(out, 'xz'));
  copyFileSync(program, join(out, 'xz/xz'));
  copyFileSync(library, join(out, 'xz/liblzma.so.5'));
}

/** @param {string} folder @returns {{ path: string, bytes: number }[]} */
function sizes(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ path, bytes: statSync(path).size }));
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (process.platform !== 'linux' || process.arch !== 'x64') fail('the kit is packed on 64-bit x86 Linux, for its like');
run(process.execPath, ['scripts/build.mjs'], 'inherit');
const work = mkdtempSync(join(tmpdir(), 'cyclops-pack-'));
try {
  const [root, out] = [join(work, 'root'), join(work, 'kit')];
  for (const folder of [root, out]) mkdirSync(folder);
  carryXz(out);
  await collect(root);
  compress(root, out);
  copyFileSync('gpu-host/pack/run.sh', join(out, 'run.sh'));
  chmodSync(join(out, 'run.sh'), 0o755);
  rmSync(OUT, { recursive: true, force: true });
  cpSync(out, OUT, { recursive: true });
} finally {
  rmSync(work, { recursive: true });
}
const packed = sizes(OUT);
for (const { path, bytes } of packed) console.log(`${(bytes / MIB).toFixed(1).padStart(6)} MiB  ${path}`);
const total = packed.reduce((sum, { bytes }) => sum + bytes, 0) / MIB;
console.log(`${total.toFixed(1).padStart(6)} MiB in all; start it on the host with ${OUT}/run.sh doctor`);
if (total > LIMIT_MIB) fail(`${OUT} holds ${total.toFixed(1)} MiB, more than the ${LIMIT_MIB} that it should`);
