/**
 * Disturbs commands that write and compares what they leave, once they were done again, to the bit with what stands where nothing disturbed
 * them: kills at an operation on files and at any moment, devices that are lost or full, disks that are full or read-only, two writers.
 *
 *   npm run faults                     a sample of all faults, for about four minutes
 *   npm run faults -- --seed 7         the same sample again
 *   npm run faults -- --long           an hour; or --minutes 90
 *   npm run faults -- --only devices   of one kind: kills, moments, devices, disks, writers
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PROGRAM } from '../cli/program.ts';
import { makeData } from '../cli/support.ts';
import { buildFaultyLayer, type DeviceFault } from './faulty-layer.ts';
import { contentOf, differences, type Scenario, scenariosOn } from './scenarios.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KILLER = fileURLToPath(new URL('kill-at.mjs', import.meta.url));
/** A command that takes longer hangs. */
const PATIENCE_MS = 300_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    long: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1e6);
const minutes = Number(values.minutes ?? (values.long ? 60 : 4));

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** What a command may do when it is disturbed: end well, or with a sentence of ours, or by the kill that was meant for it. */
const faults: string[] = [];
let tried = 0;

function begin(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  preload: readonly string[],
): { child: ChildProcess; ended: Promise<Ended> } {
  const imports = preload.flatMap((name) => ['--import', name]);
  const child = spawn(process.execPath, [...imports, ...PROGRAM, ...command], {
    ...{ cwd: ROOT, env: { ...process.env, ...env }, timeout: PATIENCE_MS, killSignal: 'SIGABRT' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stderr: stderr.replace(/\s+/g, ' ') }));
  });
  return { child, ended };
}

function run(command: readonly string[], env: NodeJS.ProcessEnv = {}, preload: readonly string[] = []): Promise<Ended> {
  return begin(command, env, preload).ended;
}

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomFrom(seed);
const upTo = (count: number) => 1 + Math.floor(count * random());
const say = (line: string) => process.stdout.write(`${line}\n`);
const lastOf = ({ stderr }: Ended) => stderr.slice(-300).trim();

/** Notes an end that no user may see. */
function judgeEnd(what: string, ended: Ended): void {
  const { code, signal, stderr } = ended;
  const isOurs = code === 0 || signal === 'SIGKILL' || (code !== null && /cyclops: /.test(stderr));
  if (!isOurs || /fault of the program| at \S+ \(/.test(stderr))
    faults.push(`${what}: ended with ${code ?? signal}: ${lastOf(ended)}`);
}

/** What a scenario leaves when nothing disturbs it, and how much there is to disturb. */
interface Reference {
  content: Map<string, string>;
  /** Of each command, how many operations on files it made, and how long it took. */
  operations: number[];
  milliseconds: number[];
}

async function reference(scenario: Scenario, folder: string): Promise<Reference> {
  mkdirSync(folder);
  scenario.prepare(folder);
  const [operations, milliseconds]: [number[], number[]] = [[], []];
  for (const command of scenario.commands(folder)) {
    const count = join(folder, '..', 'count');
    const began = performance.now();
    const env = { CYCLOPS_KILL_BELOW: folder, CYCLOPS_KILL_COUNT: count };
    const ended = await run(command, env, [KILLER]);
    if (ended.code !== 0) throw new Error(`${scenario.name} fails undisturbed: ${lastOf(ended)}`);
    operations.push(Number(readFileSync(count, 'utf8')));
    milliseconds.push(performance.now() - began);
  }
  return { content: contentOf(folder), operations, milliseconds };
}

/** Lets two hours go by for what grew when it was disturbed: what is older than one is removed by who writes there again. */
function age(folder: string): void {
  const then = new Date(Date.now() - 2 * 3_600_000);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.name.endsWith('.partial')) utimesSync(join(entry.parentPath, entry.name), then, then);
  }
}

/** Runs a scenario, one of whose commands is disturbed, then that again and what follows; and compares. */
async function disturbed(
  what: string,
  scenario: Scenario,
  expected: Reference,
  { folder, at, disturb }: { folder: string; at: number; disturb: (command: string[]) => Promise<Ended> },
): Promise<void> {
  tried += 1;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  try {
    scenario.prepare(folder);
    for (const [i, command] of scenario.commands(folder).entries()) {
      let ended = i === at ? await disturb(command) : await run(command);
      if (i === at) judgeEnd(what, ended);
      if (i === at) age(folder);
      if (ended.code !== 0) ended = await run(scenario.again?.(command, folder) ?? command);
      if (ended.code === 0) continue;
      faults.push(`${what}: cannot be done again: ${lastOf(ended)}`);
      return;
    }
    const left = differences(expected.content, contentOf(folder));
    if (left.length > 0) faults.push(`${what}: ${left.slice(0, 6).join(', ')}`);
  } finally {
    // It may be a disk of its own.
    spawnSync('umount', [folder], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
  }
}

const home = mkdtempSync(join(tmpdir(), 'cyclops-faults-'));
const layer = buildFaultyLayer(home);

type Try = (scenario: Scenario, expected: Reference, folder: string) => Promise<void>;

const KINDS: Record<string, Try> = {
  kills: async (scenario, expected, folder) => {
    const at = upTo(scenario.disturbed) - 1;
    const operation = upTo(expected.operations[at] ?? 1);
    const env = { CYCLOPS_KILL_BELOW: folder, CYCLOPS_KILL_AT: `${operation}` };
    await disturbed(`${scenario.name}, killed at operation ${operation} of command ${at + 1}`, scenario, expected, {
      ...{ folder, at },
      disturb: (command) => run(command, env, [KILLER]),
    });
  },
  moments: async (scenario, expected, folder) => {
    const at = upTo(scenario.disturbed) - 1;
    const after = Math.round((expected.milliseconds[at] ?? 1) * random());
    await disturbed(`${scenario.name}, killed after ${after} ms of command ${at + 1}`, scenario, expected, {
      ...{ folder, at },
      disturb: async (command) => {
        const { child, ended } = begin(command, {}, []);
        const timer = setTimeout(() => child.kill('SIGKILL'), after);
        return await ended.finally(() => clearTimeout(timer));
      },
    });
  },
  devices: async (scenario, expected, folder) => {
    if ('reason' in layer) return;
    const call = (['submit', 'allocate', 'pipeline'] as const)[upTo(3) - 1] ?? 'submit';
    const fault: DeviceFault = `${call}:${upTo({ submit: 120, allocate: 8, pipeline: 60 }[call])}`;
    await disturbed(`${scenario.name}, ${fault}`, scenario, expected, {
      ...{ folder, at: 0 },
      disturb: (command) => run(command, layer.env(fault)),
    });
  },
  writers: async (scenario, expected, folder) => {
    await disturbed(`${scenario.name}, two writers`, scenario, expected, {
      ...{ folder, at: 0 },
      disturb: async (command) => {
        const [one, other] = await Promise.all([run(command), run(command)]);
        for (const ended of [one, other]) judgeEnd(`${scenario.name}, two writers`, ended);
        return one.code === 0 ? one : other;
      },
    });
  },
  disks: async (scenario, expected, folder) => {
    const isReadOnly = random() < 0.25;
    const kibibytes = 4 * upTo(100);
    const what = `${scenario.name}, ${isReadOnly ? 'a read-only disk' : `a disk with ${kibibytes} KiB left`}`;
    const mount = (options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0;
    const remount = (options: string) => spawnSync('mount', ['-o', `remount,${options}`, folder]).status === 0;
    await disturbed(what, { ...scenario, prepare: () => {} }, expected, {
      ...{ folder, at: 0 },
      disturb: async (command) => {
        if (!mount('size=64m')) throw new Error('A tmpfs cannot be mounted.');
        scenario.prepare(folder);
        const used = [...contentOf(folder).values()].reduce(
          (sum, { length }) => sum + 4096 * Math.ceil(length / 4096),
          0,
        );
        if (!remount(isReadOnly ? 'ro' : `size=${used / 1024 + 64 + kibibytes}k`))
          throw new Error('It cannot be remounted.');
        const ended = await run(command);
        if (!remount('rw,size=64m')) throw new Error('It cannot be made writable.');
        return ended;
      },
    });
  },
};

/** Why a kind of fault cannot be made here. */
function obstacle(kind: string): string | null {
  if (kind === 'devices') return 'reason' in layer ? layer.reason : null;
  if (kind !== 'disks') return null;
  const place = mkdtempSync(join(home, 'mount-'));
  if (spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', place]).status !== 0)
    return 'a tmpfs cannot be mounted (that takes root)';
  spawnSync('umount', [place]);
  return null;
}

async function main(): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  say(`faults: seed ${seed}, ${minutes} minutes`);
  const data = makeData(join(home, 'data'), { normal: 6, abnormal: 6 });
  const [training] = scenariosOn(data, '');
  if (!training) throw new Error('There is no scenario.');
  const references = new Map([[training.name, await reference(training, join(home, 'reference'))]]);
  const scenarios = scenariosOn(data, join(home, 'reference', 'run'));
  const kinds = Object.keys(KINDS).filter((kind) => {
    if (values.only !== undefined && kind !== values.only) return false;
    const reason = obstacle(kind);
    if (reason !== null) say(`SKIPPED ${kind}: ${reason}`);
    return reason === null;
  });
  const folder = join(home, 'work');
  // All pairs in turn, in an order of chance, until the time is over.
  for (let round = 0; round === 0 || performance.now() < until; round++) {
    const pairs = scenarios.flatMap((scenario) => kinds.map((kind) => ({ scenario, kind, order: random() })));
    for (const { scenario, kind } of pairs.sort((a, b) => a.order - b.order)) {
      if (performance.now() > until) break;
      let expected = references.get(scenario.name);
      if (!expected) {
        expected = await reference(scenario, folder);
        references.set(scenario.name, expected);
        rmSync(folder, { recursive: true, force: true });
      }
      const before = faults.length;
      await KINDS[kind]?.(scenario, expected, folder);
      for (const fault of faults.slice(before)) say(`FAULT ${fault}`);
    }
  }
  say(`faults: ${tried} disturbances, ${faults.length} faults; again with --seed ${seed}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

try {
  await main();
} finally {
  rmSync(home, { recursive: true, force: true });
}
