// Mesa's software Vulkan (lavapipe), which gives WebGPU an adapter on a machine without a GPU.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backportsSource } from './apt-sources.mjs';

/** @typedef {{ kind: 'install', prefix: string[], backports: string | undefined }} InstallPlan */

const APT = '/etc/apt';
const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];
// Lines of a failed command's output that are shown.
const SHOWN_LINES = 15;

/** The fields of /etc/os-release; empty on a system without. @returns {Record<string, string>} */
export function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries([...lines].map(([, key, value]) => [key, value]));
}

function isDebian12() {
  const { ID, VERSION_ID } = osRelease();
  return ID === 'debian' && VERSION_ID === '12';
}

/** How this machine can get Mesa's driver, or why the set-up leaves that to a person. @returns {InstallPlan | { kind: 'refused', reason: string }} */
export function mesaPlan() {
  const { ID = '', ID_LIKE = '', VERSION_CODENAME } = osRelease();
  const family = [ID, ...ID_LIKE.split(' ')];
  if (!family.includes('debian') && !family.includes('ubuntu')) {
    return { kind: 'refused', reason: 'The driver is installed automatically on Debian and Ubuntu only.' };
  }
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true']).status !== 0) {
    return { kind: 'refused', reason: 'Installing the driver needs root, or sudo that asks no password.' };
  }
  return {
    kind: 'install',
    prefix: isRoot ? [] : ['sudo', '-n'],
    backports: isDebian12() ? VERSION_CODENAME : undefined,
  };
}

/** What a person installs, in one paragraph. @returns {string} */
export function mesaAdvice() {
  if (process.platform !== 'linux') {
    return 'Update the graphics driver: WebGPU runs on Metal on macOS and on Direct3D 12 or Vulkan on Windows.';
  }
  const { ID = '', ID_LIKE = '' } = osRelease();
  let command = 'install the packages that hold the Vulkan loader and lavapipe';
  if (isDebian12()) {
    command =
      "add bookworm-backports to the apt sources (Debian 12's own Mesa is too old), then run as root " +
      `apt-get update && apt-get install -t bookworm-backports ${PACKAGES.join(' ')}`;
  } else if (/debian|ubuntu/.test(`${ID} ${ID_LIKE}`)) {
    command = `on Debian 13, Ubuntu 24.04 or newer run as root apt-get update && apt-get install ${PACKAGES.join(' ')}`;
  } else if (/fedora|rhel/.test(`${ID} ${ID_LIKE}`)) {
    command = 'run as root dnf install mesa-vulkan-drivers vulkan-loader';
  } else if (/arch/.test(`${ID} ${ID_LIKE}`)) {
    command = 'run as root pacman -S vulkan-swrast vulkan-icd-loader';
  }
  return (
    "Cyclops needs a Vulkan driver that WebGPU accepts: the GPU vendor's, or Mesa's software one, which needs no GPU. " +
    `For the latter, ${command}. Then run the same command again.`
  );
}

/** The machine's own. @returns {import('./apt-sources.mjs').SourcesFile[]} */
export function aptSources() {
  const parts = join(APT, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).filter((name) => /\.(list|sources)$/.test(name)) : [];
  return [join(APT, 'sources.list'), ...names.sort().map((name) => join(parts, name))]
    .filter((path) => existsSync(path))
    .map((path) => ({ name: path, text: readFileSync(path, 'utf8') }));
}

/**
 * Installs the driver with apt, saying each step.
 * @param {InstallPlan} plan
 * @param {(line: string) => void} say
 * @returns {string | undefined} what went wrong
 */
export function installMesa(plan, say) {
  /** @param {string[]} command @param {string} [input] @returns {string | undefined} the end of its output if it failed */
  const run = (command, input = '') => {
    const [file = '', ...args] = [...plan.prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
    const { status, error, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', input, maxBuffer: 2 ** 26 });
    if (status === 0) return undefined;
    const tail = `${stdout ?? ''}${stderr ?? ''}`.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
    return `${command.join(' ')}\n${error?.message ?? tail}`;
  };

  /** @type {string | undefined} */
  let added;
  if (plan.backports) {
    const source = backportsSource(aptSources(), plan.backports);
    if (source.kind === 'unknown') return `no apt source in ${APT} serves ${plan.backports} main.`;
    if (source.kind === 'derived') {
      added = join(APT, 'sources.list.d', `cyclops-backports.${source.extension}`);
      say(`Debian 12's own Mesa is too old for WebGPU: adding ${plan.backports}-backports in ${added}`);
      const problem = run(['tee', added], source.text);
      if (problem !== undefined) return problem;
    }
  }

  const release = plan.backports ? ['-t', `${plan.backports}-backports`] : [];
  // Never at the price of something else on the machine.
  const options = ['-y', '-q', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=300'];
  const install = ['apt-get', 'install', ...options, ...release, ...PACKAGES];
  say('reading the package lists: apt-get update');
  // It fails when any source of the machine does, needed here or not: what counts is whether the install works.
  const stale = run(['apt-get', 'update', '-q']);
  say(`installing Mesa's software Vulkan, which takes a minute or two: ${install.join(' ')}`);
  const failed = run(install);
  const problem = failed && stale ? `${stale}\n${failed}` : failed;
  // A source that did not help must not stay behind and break the next apt-get update.
  if (problem !== undefined && added) run(['rm', '-f', added]);
  return problem;
}
