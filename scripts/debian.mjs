// Debian packages, with everything they depend on, unpacked into a folder of the user's cache. apt does it with sources, lists and a cache
// of its own, so that nothing of the machine changes and root is not needed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianArchive } from './setup/apt-sources.mjs';
import { lastWords } from './setup/last-words.mjs';
import { APT, aptSources, osRelease } from './setup/machine.mjs';

/** Whose Mesa is new enough for everything here; the last is preferred. */
export const NEW_SUITES = ['trixie', 'trixie-backports'];
const TIMEOUT_MS = 15 * 60_000;
// Lines of a failed command's output that are shown.
const SHOWN_LINES = 5;

/** The folder that survives between runs: $CYCLOPS_CACHE, or cyclops in the user's cache folder. @returns {string} */
const cacheFolder = () =>
  process.env.CYCLOPS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cyclops');

/**
 * Fetches packages unless the cache has them.
 * @param {string} name of their folder in the cache
 * @param {{ packages: string[], suites: string[], megabytes: number, prepare?: (folder: string) => string | undefined,
 *   without?: string[], say: (line: string) => void }} wanted `prepare` makes them ready and says what is missing
 * @returns {{ root: string } | { reason: string }} where they are, or why they are not to be had
 */
export function ensureUnpacked(name, { packages, suites, megabytes, prepare = () => undefined, without = [], say }) {
  if (process.platform !== 'linux') return { reason: 'its libraries run on Linux only' };
  const cache = cacheFolder();
  const root = join(cache, name);
  if (existsSync(root)) return { root };
  say(`fetching ${packages.join(' and ')} of Debian's ${suites.at(-1)}, about ${megabytes} MB, into ${root}`);
  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(join(cache, 'partial-'));
  try {
    const reason = unpackPackages(packages, { suites, folder: partial, without }) ?? prepare(partial);
    if (reason) return { reason };
    // Someone else may have been faster.
    if (!existsSync(root)) renameSync(partial, root);
    return { root };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** @returns {string | undefined} why this machine cannot do it */
function obstacle() {
  const missing = ['apt-get', 'dpkg-deb'].find((program) => spawnSync(program, ['--version']).status !== 0);
  return missing && `there is no ${missing} (Debian and its relatives have it)`;
}

/** @param {string} file @param {string[]} args @returns {string | undefined} the end of its output if it failed */
function run(file, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const result = spawnSync(file, args, { encoding: 'utf8', env, timeout: TIMEOUT_MS });
  return result.status === 0 ? undefined : `${file} failed: ${lastWords(result, SHOWN_LINES)}`;
}

/**
 * Unpacks packages of this machine's architecture.
 * @param {string[]} packages
 * @param {{ suites: string[], folder: string, without?: string[] }} where the suites that they come from, of which the
 *   last is preferred, the folder that they go to, made if it does not exist, and which of what they depend on is left out
 * @returns {string | undefined} what went wrong
 */
export function unpackPackages(packages, { suites, folder, without = [] }) {
  const reason = obstacle();
  if (reason) return reason;
  const archive = debianArchive(aptSources(), osRelease(), suites);
  if (!archive) {
    const [suite] = suites;
    return `no apt source in ${APT} serves Debian's archive; add one, such as: deb [signed-by=KEYRING] ADDRESS ${suite} main`;
  }
  const apt = mkdtempSync(join(tmpdir(), 'cyclops-apt-'));
  try {
    for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, part), { recursive: true });
    const { extension, text } = archive;
    writeFileSync(join(apt, `sources.${extension}`), suites.map((suite) => text.replace('SUITE', suite)).join('\n'));
    // Nothing counts as installed, so that every dependency comes along.
    writeFileSync(join(apt, 'status'), '');
    const settings = {
      'Dir::State': apt,
      'Dir::State::status': join(apt, 'status'),
      'Dir::Cache': join(apt, 'cache'),
      'Dir::Etc::SourceList': join(apt, `sources.${extension}`),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::Etc::Preferences': '/dev/null',
      'Dir::Etc::PreferencesParts': '/dev/null',
      // As root, apt would drop to a user who may not enter these folders.
      'APT::Sandbox::User': 'root',
      'APT::Default-Release': suites.at(-1),
      'APT::Install-Recommends': 'false',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '2',
    };
    const options = ['-q', '-y', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
    const problem =
      run('apt-get', [...options, 'update', '--error-on=any']) ??
      run('apt-get', [...options, 'install', '--download-only', ...packages]);
    if (problem) return problem;
    mkdirSync(folder, { recursive: true });
    const archives = join(apt, 'cache', 'archives');
    for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
      if (without.includes(name.split('_')[0] ?? '')) continue;
      const failed = run('dpkg-deb', ['-x', join(archives, name), folder]);
      if (failed) return failed;
    }
    return undefined;
  } finally {
    rmSync(apt, { recursive: true });
  }
}
