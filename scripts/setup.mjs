// First step of `npm start`, `npm test` and `npm run cyclops`: installs what is missing and says which device answers.
// Runs before anything is installed, so it and scripts/setup/ import Node's own modules only.
// Everything it prints goes to standard error: standard output belongs to the command that follows.
import { fileURLToPath } from 'node:url';
import { probeAdapter } from './setup/adapter.mjs';
import { installMesa, mesaAdvice, mesaPlan } from './setup/mesa.mjs';
import { installPackages, missingPackages } from './setup/packages.mjs';

const OLDEST_NODE = [20, 15];

/** @param {string} line */
const say = (line) => console.error(`set-up: ${line}`);

/** @param {string} paragraph @returns {never} */
function fail(paragraph) {
  say(paragraph);
  process.exit(1);
}

/** @param {string} root */
function ensurePackages(root) {
  const missing = missingPackages(root);
  if (missing.length === 0) return;
  const named = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', …' : '');
  say(`${missing.length} of the packages in package-lock.json are not installed (${named}); running npm ci`);
  if (!installPackages(root)) {
    fail(
      'npm ci failed, its message is above. Most often the registry cannot be reached: check the network and run again.',
    );
  }
  const still = missingPackages(root);
  if (still.length > 0) fail(`npm ci ended well but left out ${still.join(', ')}. Check npm's omit and os settings.`);
}

function ensureAdapter() {
  const first = probeAdapter();
  if (first.adapter !== undefined) return say(`packages are present, WebGPU answers: ${first.adapter}`);
  say(`no WebGPU adapter answers (${first.reason})`);
  const plan = mesaPlan();
  if (plan.kind === 'refused') fail(`${plan.reason} ${mesaAdvice()}`);
  const problem = installMesa(plan, say);
  if (problem !== undefined) fail(`installing Mesa's software Vulkan failed: ${problem}\n${mesaAdvice()}`);
  const second = probeAdapter();
  if (second.adapter === undefined) {
    fail(`Mesa's software Vulkan is installed, but still no adapter answers (${second.reason}). ${mesaAdvice()}`);
  }
  say(`done, WebGPU answers: ${second.adapter}`);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  const oldest = OLDEST_NODE.join('.');
  fail(`this is Node ${process.versions.node}; Cyclops needs Node ${oldest} or newer. Install one and run again.`);
}
ensurePackages(fileURLToPath(new URL('..', import.meta.url)));
if (!process.argv.includes('--packages-only')) ensureAdapter();
