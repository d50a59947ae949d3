/**
 * Does one thing for a long time and looks whether memory stays flat and results the same: `npm run soak [-- --share 0.01] [-- --only
 * images,devices]`. Each part runs in a process of its own. Exits with 1 when a result changed or memory kept growing;
 * `bare-devices`, which leaves the engine out, says what growth of `devices` is Dawn's and the driver's.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SEEDS } from '../fuzz/reader.ts';
import { makeSeeds } from '../fuzz/seeds.ts';
import { growth, type Sample } from './growth.ts';
import { buildHeapInUse } from './memory.ts';
import { PARTS } from './parts.ts';

/** More than this is growth. */
const MOST_MIB_AN_HOUR = 1;

const { values } = parseArgs({ options: { share: { type: 'string', default: '1' }, only: { type: 'string' } } });
const share = Number(values.share);
const names = values.only?.split(',') ?? Object.keys(PARTS);
if (!(share > 0 && share <= 100) || names.some((name) => !(name in PARTS))) {
  console.error(`Expected --share above 0 and at most 100, and --only with some of ${Object.keys(PARTS).join(',')}.`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'cyclops-soak-'));
try {
  makeSeeds(folder);
  const heapInUse = buildHeapInUse(folder);
  if ('reason' in heapInUse)
    console.log(
      `Memory is told with what the heap keeps of what was freed, since nothing counts that apart: ${heapInUse.reason}`,
    );
  const slopes = ['MiB an hour, last half', 'KiB a time'];
  console.log(
    ['part', 'times', 'seconds', 'in use MiB', ...slopes, 'resident MiB, half and end', 'verdict'].join('\t'),
  );
  for (const name of names)
    if (!(await ran(name, 'file' in heapInUse ? heapInUse.file : undefined))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function ran(name: string, heapInUse?: string): Promise<boolean> {
  const times = Math.max(1, Math.round(share * (PARTS[name]?.times ?? 0)));
  const samples: Sample[] = [];
  const given = [name, String(times), ...(heapInUse ? [heapInUse] : [])];
  const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), given, {
    // Interpreted: V8 goes on making machine code of what runs often, for hours, which is memory that nobody keeps.
    execArgv: ['--import', 'tsx', '--expose-gc', '--no-opt', '--no-sparkplug'],
    env: {
      ...process.env,
      ...{ [SEEDS]: folder, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir() },
      // With an arena for each of a driver's threads, glibc keeps for each what the one before it has freed: that is no leak, and hides one.
      MALLOC_ARENA_MAX: '1',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (sample: Sample) => samples.push(sample));
  const code = await new Promise((resolve) => child.on('close', (status, signal) => resolve(signal ?? status)));
  const { perHour, error, perTime } = growth(samples);
  // A short run tells little of an hour: what it cannot tell from nothing is no growth.
  const isFlat = perHour - 2 * error < MOST_MIB_AN_HOUR;
  const isControl = PARTS[name]?.isControl ?? false;
  const verdict = code !== 0 ? `ended with ${code}` : isControl ? 'none of ours' : isFlat ? 'flat' : 'grows';
  const last = samples.at(-1) ?? { seconds: 0, mebibytes: 0, done: 0, resident: 0 };
  const half = samples[Math.floor(samples.length / 2)] ?? last;
  const slope = `${perHour.toFixed(1)} ± ${(2 * error).toFixed(1)}`;
  const resident = `${half.resident.toFixed(1)}, ${last.resident.toFixed(1)}`;
  const row = [name, last.done, last.seconds.toFixed(0), last.mebibytes.toFixed(1), slope, (1024 * perTime).toFixed(3)];
  console.log([...row, resident, verdict].join('\t'));
  return code === 0 && (isControl || isFlat);
}
