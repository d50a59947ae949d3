/** Feeds one reader, in a process of its own. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import fc from 'fast-check';
import { type Damage, damage, damaged } from './edits.ts';
import type { Reader } from './reader.ts';
import { READERS } from './readers.ts';
import { faultOf } from './verdict.ts';

export interface Task {
  name: string;
  seed: number;
  cases: number;
  /** Cases of this seed that another run has done. */
  from: number;
  /** The file that holds the input in hand, for the case that this process falls. */
  current: string;
}

export interface Progress {
  done: number;
  /** Inputs that were read in spite of their damage. */
  read: number;
  /** Milliseconds of one input. */
  slowest: number;
  /** Most memory so far, MiB. */
  peak: number;
}

/** So many make a round, after which what was found is told. */
const ROUND = 1000;
/** Within a round the one who watches hears so often that none hangs. */
const WORD_MS = 5000;
/** CPU time of an input that its size does not excuse. */
const SLOW_MS = 5000;
/** Memory that no input here excuses. */
const MOST_MIB = 1500;

const task: Task = JSON.parse(process.argv[2] ?? '');
const reader = READERS.find(({ name }) => name === task.name);
if (!reader) throw new Error(`no reader '${task.name}'`);
await feed(reader, task);

async function feed(reader: Reader, { cases, seed, from, current }: Task): Promise<void> {
  const seeds = await reader.seeds();
  const progress: Progress = { done: 0, read: 0, slowest: 0, peak: 0 };
  const file = openSync(current, 'w');
  let told = performance.now();
  const say = (fault: Found | null) => {
    told = performance.now();
    return tell(progress, fault);
  };
  const input = (of: Damage) => {
    const made = damaged(seeds, of);
    return of.isMended && reader.mend ? reader.mend(made) : made;
  };
  const check = async (bytes: Uint8Array) => {
    ftruncateSync(file, 0);
    writeSync(file, bytes, 0, bytes.length, 0);
    const begin = performance.now();
    if (begin - told > WORD_MS) await say(null);
    const usage = process.cpuUsage();
    const fault = await faultIn(reader, bytes, () => {
      progress.read += 1;
    });
    progress.slowest = Math.max(progress.slowest, performance.now() - begin);
    const { user, system } = process.cpuUsage(usage);
    if (fault) throw new Error(fault);
    if ((user + system) / 1000 > SLOW_MS)
      throw new Error(`it took ${((user + system) / 1e6).toFixed(1)} s of CPU time`);
  };
  for (const whole of seeds) {
    const fault = await faultIn(reader, whole, () => {});
    if (fault) throw new Error(`${reader.name} does not read a seed: ${fault}`);
  }
  while (progress.done < cases) {
    const round = Math.min(ROUND, cases - progress.done);
    const found = await fc.check(
      fc.asyncProperty(damage, (of) => check(input(of))),
      { numRuns: round, seed: seed + from + progress.done },
    );
    progress.done += round;
    progress.peak = process.resourceUsage().maxRSS / 1024;
    const [counterexample] = found.counterexample ?? [];
    const reason = found.errorInstance instanceof Error ? found.errorInstance.message : null;
    if (counterexample) await say({ reason: reason ?? 'it failed', input: input(counterexample) });
    else await say(null);
    if (progress.peak > MOST_MIB) {
      throw new Error(
        `memory rose to ${progress.peak.toFixed(0)} MiB in the round from case ${from + progress.done - round}`,
      );
    }
  }
  closeSync(file);
  process.disconnect();
}

/** What is wrong with how an input is taken; null where it is read, or refused as it should be. */
async function faultIn(reader: Reader, input: Uint8Array, onRead: () => void): Promise<string | null> {
  try {
    await reader.read(input);
    onRead();
    return null;
  } catch (error) {
    return faultOf(error);
  }
}

interface Found {
  reason: string;
  input: Uint8Array;
}

function tell(progress: Progress, fault: Found | null): Promise<void> {
  const told = fault && { reason: fault.reason, input: Buffer.from(fault.input).toString('base64') };
  return new Promise((resolve, reject) => {
    process.send?.({ progress, fault: told }, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
