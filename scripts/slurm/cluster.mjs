// A Slurm of one node on this machine, of the packages in the user's cache folder: nothing is installed, and everything
// that it writes lies in a folder of its own.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureUnpacked } from '../debian.mjs';
import { osRelease } from '../setup/machine.mjs';

const PACKAGES = ['slurm-wlm', 'munge'];
// What the node says that it has, so that jobs that ask for several run here too.
const CPUS = 16;
const START_SECONDS = 30;
const STOP_MS = 5000;

/**
 * @param {(line: string) => void} say
 * @returns {{ root: string } | { reason: string }} the unpacked packages, or why they are not to be had
 */
export function ensureSlurm(say) {
  const { ID, VERSION_CODENAME = '' } = osRelease();
  if (ID !== 'debian') return { reason: 'it comes from Debian, and this is none' };
  // The machine's own C library serves, since it is of the same release.
  const without = ['libc6', 'libc-bin'];
  const suites = [VERSION_CODENAME];
  return ensureUnpacked(`slurm-${VERSION_CODENAME}`, { packages: PACKAGES, suites, megabytes: 60, without, say });
}

/** A TCP port that nobody has now. @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** @param {string} folder @param {string} plugins @returns {Promise<string>} */
async function configuration(folder, plugins) {
  const user = userInfo().username;
  const host = hostname();
  const lines = [
    'ClusterName=one',
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${await freePort()}`,
    `SlurmdPort=${await freePort()}`,
    `PluginDir=${plugins}`,
    `AuthInfo=socket=${join(folder, 'munge.socket')}`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    ...['StateSaveLocation', 'SlurmdSpoolDir'].map((name) => `${name}=${join(folder, name)}`),
    ...['SlurmctldPidFile', 'SlurmdPidFile'].map((name) => `${name}=${join(folder, name)}`),
    // Without control groups, which containers do not let one have.
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'MpiDefault=none',
    'ReturnToService=2',
    'KillWait=1',
    // So many whatever the machine has.
    'SlurmdParameters=config_overrides',
    `NodeName=one NodeHostname=${host} NodeAddr=127.0.0.1 CPUs=${CPUS} State=UNKNOWN`,
    'PartitionName=all Nodes=one Default=YES MaxTime=INFINITE State=UP',
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Starts munged, slurmctld and slurmd.
 * @param {string} root the unpacked packages
 * @returns {Promise<{ env: NodeJS.ProcessEnv, stop: () => Promise<void> } | { reason: string }>} the environment in which
 *   sbatch and its like find it, and how to end it; or why it does not run
 */
export async function startSlurm(root) {
  const base = join(root, 'usr/lib');
  const triplet = readdirSync(base).find((name) => existsSync(join(base, name, 'slurm-wlm')));
  if (!triplet) return { reason: `${root} holds no Slurm. Delete it to fetch it again` };
  const plugins = join(base, triplet, 'slurm-wlm');
  const folder = mkdtempSync(join(tmpdir(), 'cyclops-slurm-'));
  // munged wants everybody to find its socket.
  chmodSync(folder, 0o755);
  const path = (/** @type {string} */ name) => join(folder, name);
  for (const name of ['StateSaveLocation', 'SlurmdSpoolDir']) mkdirSync(path(name));
  writeFileSync(path('munge.key'), randomBytes(1024), { mode: 0o400 });
  writeFileSync(path('slurm.conf'), await configuration(folder, plugins));
  const env = {
    ...process.env,
    PATH: `${join(root, 'usr/bin')}:${process.env.PATH}`,
    LD_LIBRARY_PATH: [plugins, join(base, triplet), join(root, 'lib', triplet)].join(':'),
    SLURM_CONF: path('slurm.conf'),
  };
  const files = ['socket', 'key-file', 'pid-file', 'log-file', 'seed-file'];
  const daemons = [
    ['munged', '--foreground', ...files.map((name) => `--${name}=${path(`munge.${name.replace('-file', '')}`)}`)],
    ['slurmctld-wlm', '-D'],
    ['slurmd-wlm', '-D', '-N', 'one', '-d', join(root, 'usr/sbin/slurmstepd-wlm')],
  ];
  /** @type {{ child: import('node:child_process').ChildProcess, ended: Promise<void> }[]} */
  const running = [];
  const logs = daemons.map(([name]) => path(`${name}.output`));
  const stop = async () => {
    for (const { child, ended } of running.reverse()) {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(patience);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (const [name = '', ...args] of daemons) {
    const child = spawn(
      '/bin/sh',
      ['-c', `exec "$@" >"$0" 2>&1`, path(`${name}.output`), join(root, 'usr/sbin', name), ...args],
      {
        env,
        stdio: 'ignore',
      },
    );
    running.push({ child, ended: new Promise((resolve) => child.on('exit', () => resolve())) });
    // The others ask the first for credentials.
    for (let tries = 0; name === 'munged' && tries < 50 && !existsSync(path('munge.socket')); tries++) await sleep(100);
  }
  for (let tries = 0; tries < 2 * START_SECONDS; tries++) {
    const { stdout } = spawnSync('sinfo', ['--noheader', '--format=%T'], { env, encoding: 'utf8' });
    if (stdout?.trim() === 'idle') return { env, stop };
    await sleep(500);
  }
  const said = logs
    .filter((log) => existsSync(log))
    .flatMap((log) => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-2));
  await stop();
  return { reason: `its node was not ready after ${START_SECONDS} s: ${said.join(' / ')}` };
}
