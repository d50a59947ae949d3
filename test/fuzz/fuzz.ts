/**
 * Feeds every reader with damaged inputs: `npm run fuzz [-- --cases 1e7] [-- --seed 1] [-- --only images,index]`; with `--from N` it
 * leaves out the first N cases of each reader, which another run has done. Each reader runs in a
 * process of its own, so that one that crashes or hangs names its input too. What is found is put into test/corpus, which the tests read
 * on every run. Exits with 1 when anything was found.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Reader, SEEDS } from './reader.ts';
import { READERS } from './readers.ts';
import { makeSeeds } from './seeds.ts';
import type { Progress, Task } from './worker.ts';

const CORPUS = fileURLToPath(new URL('../corpus', import.meta.url));
/** After so much time of the processor without a word a reader hangs, and after ten times as long by the clock. */
const SILENCE_MS = 60_000;
const STILL_MS = 10 * SILENCE_MS;

interface Row extends Progress {
  name: string;
  seconds: number;
  found: string[];
}

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1e5' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    from: { type: 'string', default: '0' },
  },
});
const [cases, seed, from] = [Number(values.cases), Number(values.seed), Number(values.from)];
const names = values.only?.split(',');
const readers = READERS.filter(({ name }) => names?.includes(name) ?? true);
if (![cases, seed, from].every(Number.isSafeInteger) || cases < 1 || from < 0 || readers.length === 0) {
  console.error(
    `Expected --cases, --seed and --from as whole numbers, and --only with some of ${READERS.map(({ name }) => name).join(',')}.`,
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'cyclops-fuzz-'));
let isClean = true;
try {
  makeSeeds(folder);
  const weights = readers.reduce((sum, { weight }) => sum + weight, 0);
  console.log(`seed ${seed}`);
  console.log(['reader', 'cases', 'read', 'refused', 'slowest ms', 'peak MiB', 'seconds', 'found'].join('\t'));
  const waiting = [...readers];
  const turns = Array.from({ length: availableParallelism() }, async () => {
    for (let reader = waiting.shift(); reader; reader = waiting.shift()) {
      const row = await fuzzed(reader, Math.max(0, Math.ceil((cases * reader.weight) / weights) - from));
      const { name, done, read, slowest, peak, seconds, found } = row;
      const figures = [done, read, done - read - found.length, slowest.toFixed(0), peak.toFixed(0), seconds.toFixed(1)];
      console.log([name, ...figures, found.length].join('\t'));
      for (const text of found) console.log(`  ${text.replaceAll('\n', '\n  ')}`);
      isClean &&= found.length === 0;
    }
  });
  await Promise.all(turns);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isClean ? 0 : 1;

/** Runs a reader in another process to the end, also when it falls. */
async function fuzzed({ name }: Reader, count: number): Promise<Row> {
  const row: Row = { name, done: 0, read: 0, slowest: 0, peak: 0, seconds: 0, found: [] };
  const begin = performance.now();
  const current = join(folder, `current-${name}`);
  const task: Task = { name, seed, cases: count, from, current };
  const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [JSON.stringify(task)], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, [SEEDS]: folder, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir() },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = await endOf(child, (progress, fault) => {
    Object.assign(row, progress);
    if (fault) row.found.push(`${fault.reason}\n${kept(name, Buffer.from(fault.input, 'base64'))}`);
  });
  if (ended !== null) {
    row.found.push(existsSync(current) ? `${ended}\n${kept(name, readFileSync(current))}` : ended);
  }
  return { ...row, seconds: (performance.now() - begin) / 1000 };
}

type OnProgress = (progress: Progress, fault: { reason: string; input: string } | null) => void;

/** @returns how it ended, where that was not as it should */
function endOf(child: ChildProcess, onProgress: OnProgress): Promise<string | null> {
  return new Promise((resolve) => {
    let isHanging = false;
    let last = { at: performance.now(), cpu: cpuMilliseconds(child) };
    const watch = setInterval(() => {
      const [silent, worked] = [performance.now() - last.at, cpuMilliseconds(child) - last.cpu];
      if (worked < SILENCE_MS && silent < STILL_MS) return;
      isHanging = true;
      child.kill('SIGKILL');
    }, SILENCE_MS / 12);
    child.on('message', (message: { progress: Progress; fault: { reason: string; input: string } | null }) => {
      last = { at: performance.now(), cpu: cpuMilliseconds(child) };
      onProgress(message.progress, message.fault);
    });
    child.on('close', (code, signal) => {
      clearInterval(watch);
      if (isHanging) resolve(`it took more than ${SILENCE_MS / 1000} seconds`);
      else resolve(code === 0 ? null : `its process ended with ${signal ?? `code ${code}`}`);
    });
  });
}

/** Clock ticks of Linux a second. */
const TICKS = 100;

/** The time of the processor that a process took so far, so that on a busy machine none hangs that is starved; that of the clock elsewhere. */
function cpuMilliseconds({ pid }: ChildProcess): number {
  if (process.platform !== 'linux') return performance.now();
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything in its brackets, the 12th and 13th are those of the program and of the system.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (1000 * (Number(fields[11]) + Number(fields[12]))) / TICKS;
  } catch {
    // It has just ended.
    return 0;
  }
}

/** Puts an input into the corpus. @returns where it lies */
function kept(name: string, input: Uint8Array): string {
  const file = join(CORPUS, name, createHash('sha256').update(input).digest('hex').slice(0, 12));
  mkdirSync(join(CORPUS, name), { recursive: true });
  writeFileSync(file, input);
  return `${file} (${input.length} bytes)`;
}
