// Mesa's software Vulkan (lavapipe), which gives WebGPU an adapter on a machine without a GPU.
import { join } from 'node:path';
import { aptInstall, rootPrefix, runAsRoot } from './apt.mjs';
import { backportsSource } from './apt-sources.mjs';
import { APT, aptSources, osRelease } from './machine.mjs';

/** @typedef {{ kind: 'install', prefix: string[], backports: string | undefined }} InstallPlan */

const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];

function isDebian12() {
  const { ID, VERSION_ID } = osRelease();
  return ID === 'debian' && VERSION_ID === '12';
}

/**
 * How this machine can get Mesa's driver, or why the set-up leaves that to a person.
 * @returns {InstallPlan | { kind: 'refused', reason: string }}
 */
export function mesaPlan() {
  const { ID = '', ID_LIKE = '', VERSION_CODENAME } = osRelease();
  const family = [ID, ...ID_LIKE.split(' ')];
  if (!family.includes('debian') && !family.includes('ubuntu')) {
    return { kind: 'refused', reason: 'The driver is installed automatically on Debian and Ubuntu only.' };
  }
  const root = rootPrefix();
  if ('reason' in root) return { kind: 'refused', reason: `Installing the driver ${root.reason}.` };
  return { kind: 'install', prefix: root.prefix, backports: isDebian12() ? VERSION_CODENAME : undefined };
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

/**
 * Installs the driver with apt, saying each step.
 * @param {InstallPlan} plan
 * @param {(line: string) => void} say
 * @returns {string | undefined} what went wrong
 */
export function installMesa(plan, say) {
  /** @type {string | undefined} */
  let added;
  if (plan.backports) {
    const source = backportsSource(aptSources(), plan.backports);
    if (source.kind === 'unknown') return `no apt source in ${APT} serves ${plan.backports} main.`;
    if (source.kind === 'derived') {
      added = join(APT, 'sources.list.d', `cyclops-backports.${source.extension}`);
      say(`Debian 12's own Mesa is too old for WebGPU: adding ${plan.backports}-backports in ${added}`);
      const problem = runAsRoot(plan.prefix, ['tee', added], source.text);
      if (problem !== undefined) return problem;
    }
  }

  const release = plan.backports ? ['-t', `${plan.backports}-backports`] : [];
  const problem = aptInstall(plan.prefix, PACKAGES, { what: "Mesa's software Vulkan", release, say });
  // A source that did not help must not stay behind and break the next apt-get update.
  if (problem !== undefined && added) runAsRoot(plan.prefix, ['rm', '-f', added]);
  return problem;
}
