// Tries the folder gpu-host/kit where there is nothing else: in a root of bash, tar and coreutils of Debian, with an
// empty environment and no network. First without a driver, which it must say; then with a software Vulkan driver,
// where it must train a step and measure everything that can be measured there; then with that driver where NVIDIA's
// containers have theirs. Needs root or user namespaces, and apt with a network to make the root. Arguments: Debian's
// suites.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEW_SUITES, unpackPackages } from '../scripts/debian.mjs';

const KIT = 'gpu-host/kit';
const SUITES = process.argv.length > 2 ? process.argv.slice(2) : NEW_SUITES;
const BARE = ['base-files', 'bash', 'coreutils', 'tar', 'libc-bin'];
const DRIVER = ['mesa-vulkan-drivers'];
const NVIDIA = 'usr/local/nvidia';
const NETWORKS = '--preset tiny --blocks 1 --ngf 4 --ndf 4 --load-size 32 --crop-size 28';
const BENCH = '$CYCLOPS_ROOT/gpu-host/measure.sh /tmp/bench --quick';
const TRAIN = `cyclops train $CYCLOPS_ROOT/data/bsdata_pitting --out /tmp/run --steps 2 ${NETWORKS} && cat /tmp/run/metrics.jsonl`;

/** @param {string} text @returns {never} */
function fail(text) {
  console.error(`try:gpu-host: ${text}`);
  process.exit(1);
}

/** @param {string[]} packages @param {string} root */
function unpack(packages, root) {
  const problem = unpackPackages(packages, { suites: SUITES, folder: root });
  if (problem) fail(problem);
}

/**
 * Runs a program in `root`, which sees /proc and /dev, no environment and no network.
 * @param {string} root
 * @param {string[]} command
 */
function inside(root, ...command) {
  const enter = 'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" /usr/bin/env -i "$@"';
  const namespaces = ['--map-root-user', '--mount', '--net', '--ipc'];
  const start = Date.now();
  const { status, error, stdout, stderr } = spawnSync(
    'unshare',
    [...namespaces, 'sh', '-c', enter, root, 'PATH=/usr/bin:/bin:/sbin', ...command],
    { encoding: 'utf8' },
  );
  if (error) fail(`unshare could not be started: ${error.message}`);
  console.log(`\n$ ${command.join(' ')}\n${stderr}${stdout}→ ${status}, ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return { status, text: `${stderr}${stdout}` };
}

/**
 * The software driver under the name that NVIDIA's has without a display, and no description of it.
 * @param {string} root
 */
function moveDriver(root) {
  const descriptions = join(root, 'usr/share/vulkan/icd.d');
  rmSync(descriptions, { recursive: true });
  const folder = join(root, 'usr/lib/x86_64-linux-gnu');
  mkdirSync(join(root, NVIDIA, 'lib64'), { recursive: true });
  renameSync(join(folder, 'libvulkan_lvp.so'), join(root, NVIDIA, 'lib64/libEGL_nvidia.so.0'));
}

/**
 * The description that NVIDIA's containers come with, which names a library that they cannot start.
 * @param {string} root
 */
function describeDriver(root) {
  const folder = join(root, NVIDIA, 'share/vulkan/icd.d');
  mkdirSync(folder, { recursive: true });
  const ICD = { library_path: 'libGLX_nvidia.so.0', api_version: '1.4.312' };
  writeFileSync(join(folder, 'nvidia_icd.json'), JSON.stringify({ file_format_version: '1.0.1', ICD }));
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!existsSync(join(KIT, 'run.sh'))) fail(`there is no ${KIT}/run.sh: npm run pack:gpu-host makes it`);
const root = mkdtempSync(join(tmpdir(), 'cyclops-root-'));
try {
  unpack(BARE, root);
  for (const folder of ['proc', 'dev', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  cpSync(KIT, join(root, 'kit'), { recursive: true });
  const run = ['bash', '/kit/run.sh'];
  const without = inside(root, ...run, 'doctor');
  if (without.status === 0 || !without.text.includes('No WebGPU adapter answered')) {
    fail('without a driver, doctor should have failed with the advice that no adapter answers');
  }
  unpack(DRIVER, root);
  if (inside(root, ...run, 'doctor').status !== 0) fail('doctor failed on the software driver');
  const { status, text } = inside(root, ...run, 'exec', 'bash', '-c', TRAIN);
  if (status !== 0 || text.match(/"step":/g)?.length !== 2) fail('two steps of training failed on the software driver');
  if (inside(root, ...run, 'exec', 'bash', '-c', BENCH).status !== 0) fail('the benchmarks ended with an error');
  const { parts } = JSON.parse(readFileSync(join(root, 'tmp/bench/results.json'), 'utf8'));
  for (const [name, { status, reason }] of Object.entries(parts)) {
    if (status === 'failed') fail(`the benchmark ${name} failed: ${reason}`);
  }
  moveDriver(root);
  if (inside(root, ...run, 'doctor').status !== 0) fail('doctor failed on a driver without a description');
  describeDriver(root);
  if (inside(root, ...run, 'doctor').status !== 0) fail("doctor failed on a driver with NVIDIA's description");
} finally {
  rmSync(root, { recursive: true });
}
console.log('\ntry:gpu-host: the kit runs in a bare root');
