/** One part of the soak, in a process of its own: `worker.ts PART TIMES [FILE]`, where the file counts the heap of glibc. */
import type { Sample } from './growth.ts';
import { loadInUse, residentMebibytes } from './memory.ts';
import { PARTS } from './parts.ts';

const SAMPLES = 100;

const [name = '', count = '', heapInUse = ''] = process.argv.slice(2);
const part = PARTS[name];
if (!part) throw new Error(`no part '${name}'`);

const inUse = heapInUse ? loadInUse(heapInUse) : residentMebibytes;
const times = Number(count);
const seen = new Map<string, string>();
const work = await part.begin();
const begin = performance.now();
for (let time = 0; time < times; time++) {
  const { kind, numbers } = await work.once(time);
  const text = numbers.join();
  const before = seen.get(kind) ?? text;
  if (before !== text)
    throw new Error(`${kind} changed at the ${time + 1}th time: ${before.slice(0, 80)}, then ${text.slice(0, 80)}`);
  seen.set(kind, text);
  if ((time + 1) % Math.max(1, Math.floor(times / SAMPLES)) === 0) {
    await collected();
    const seconds = (performance.now() - begin) / 1000;
    const sample: Sample = { seconds, done: time + 1, mebibytes: inUse(), resident: residentMebibytes() };
    process.send?.(sample);
  }
}
work.end();
process.disconnect();

/** Native memory is freed by what V8 runs after a collection, on a later turn of the event loop. */
async function collected(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.();
    await new Promise((resume) => setTimeout(resume, 20));
  }
}
