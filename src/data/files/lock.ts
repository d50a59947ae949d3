import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import * as v from 'valibot';
import { CyclopsError } from '../../gpu/errors.ts';
import { fileError } from './fs-error.ts';
import { examine } from './json.ts';
import { readText } from './read.ts';
import { removeOldRemains, temporaryFor } from './remains.ts';
import { object, text, whole } from './schema.ts';

/** The process that holds a lock. What a system does not tell is null. */
const holderSchema = object({
  pid: whole(1, 2 ** 31 - 1),
  host: text,
  /** When it took the lock. */
  since: text,
  /** The start of the system, and the container's own numbers of processes: elsewhere the number is another process. */
  boot: v.nullable(text),
  namespace: v.nullable(text),
  /** When the process began, since numbers are given anew. */
  began: v.nullable(text),
});

type Holder = v.InferOutput<typeof holderSchema>;

/** How often a holder touches its lock, in milliseconds, … */
const BEAT = 30_000;

/** … and after how long without it is gone, as far as another machine can know. Their clocks have to agree better than that. */
const SILENCE = 600_000;

interface LockOptions {
  /** The lock's file, in a folder that is there. */
  path: string;
  /** What one process at a time may work on, for messages: `The run in runs/mine`. */
  what: string;
  /** Is told of a lock that a killed process left behind, and that is taken over. */
  onStale?: ((warning: string) => void) | undefined;
}

/**
 * Does work that one process at a time may do. The lock is a file that says who holds it; it is taken away when the work ends, however
 * it ends, unless the process is killed at once. One that a process of this machine left so is taken over; one from elsewhere, such as of a
 * job that is run again on another node, when its holder has not touched it for ten minutes.
 *
 * @throws CyclopsError naming the process that holds it, and when it cannot be written
 */
export async function whileLocked<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { path } = options;
  const own = ownText();
  removeOldRemains(dirname(path), (file) => file === basename(path) || file === basename(guardOf(path)));
  take(options, own);
  // Where the process ends by `process.exit`, nothing else is called.
  const release = () => {
    if (contentOf(path) === own) rmSync(path, { force: true });
  };
  process.once('exit', release);
  const beat = setInterval(() => touch(path), BEAT);
  // A lock alone keeps no process alive.
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off('exit', release);
    release();
  }
}

function take({ path, what, onStale }: LockOptions, own: string): void {
  if (create(path, own)) return;
  const holder = takeOver(path, own, what);
  onStale?.(
    `${what} was left locked by process ${holder.pid}, which began with it at ${holder.since} and has ended without a word, as where it was killed. It is taken over.`,
  );
}

/** Puts a lock in the place of one whose holder is gone. @returns that holder @throws CyclopsError naming one that is not gone */
function takeOver(path: string, own: string, what: string): Holder {
  const content = contentOf(path);
  const holder = holderIn(content);
  if (!holder || !isGone(holder, silenceOf(path))) throw held(what, path, holder);
  // Of several that find it, the one that holds this takes it over; where it was killed over it, this is taken over likewise.
  const guard = guardOf(path);
  if (!create(guard, own)) takeOver(guard, own, what);
  try {
    if (contentOf(path) !== content) throw held(what, path, holderIn(contentOf(path)));
    rmSync(path, { force: true });
    if (!create(path, own)) throw held(what, path, holderIn(contentOf(path)));
  } finally {
    rmSync(guard, { force: true });
  }
  return holder;
}

const guardOf = (path: string) => `${path}.taken-over`;

function held(what: string, path: string, holder: Holder | null): CyclopsError {
  if (!holder) {
    return new CyclopsError(
      `${what} is locked: ${path} does not say by which process. Wait if another is about to begin; if none is at work there, remove that file.`,
    );
  }
  const { pid, host, since } = holder;
  const known =
    silenceOf(path) < -BEAT
      ? 'its last sign of life lies ahead of the clock here, which so cannot tell'
      : 'of one on another machine that is known ten minutes after its last sign of life';
  return new CyclopsError(
    `${what} is in the hands of process ${pid} on ${host}, since ${since}: two at once would write over each other's files. Wait until it is ` +
      `done, or stop it. If that process is gone, remove ${path}; ${known}.`,
  );
}

/**
 * Makes a lock with its content at once, so that a kill leaves none that does not say whose it is.
 *
 * @returns whether the file was not there @throws CyclopsError when it cannot be written
 */
function create(path: string, content: string): boolean {
  const temporary = temporaryFor(path);
  try {
    writeNew(temporary, content);
    return link(temporary, path) ?? writeNew(path, content);
  } catch (error) {
    throw fileError(error, 'write', path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Gives a file a second name. @returns whether that was free; null where the file system knows no second names */
function link(from: string, to: string): boolean | null {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    return hasCode(error, 'EEXIST') ? false : null;
  }
}

/** @returns whether the file was not there */
function writeNew(path: string, content: string): boolean {
  try {
    const descriptor = openSync(path, 'wx');
    try {
      writeSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Empty where there is none, or none that can be read. */
function contentOf(path: string): string {
  return tried(() => readText(path)) ?? '';
}

function holderIn(content: string): Holder | null {
  return (
    examine(
      tried((): unknown => JSON.parse(content)),
      holderSchema,
    ).output ?? null
  );
}

function ownText(): string {
  return `${JSON.stringify({ ...here(), pid: process.pid, since: new Date().toISOString(), began: beganOf(process.pid) })}\n`;
}

function here(): Pick<Holder, 'host' | 'boot' | 'namespace'> {
  return {
    host: hostname(),
    boot: tried(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: tried(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** Whether a process is not there any more. Of one on another machine, or in another container, its silence tells. */
function isGone({ pid, host, boot, namespace, began }: Holder, silence: number): boolean {
  const own = here();
  if (host !== own.host) return silence > SILENCE;
  if (boot !== own.boot) return true;
  if (namespace !== own.namespace) return silence > SILENCE;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // What may not be asked is there.
    return hasCode(error, 'ESRCH');
  }
  return began !== beganOf(pid);
}

/** How long ago a lock was touched, in milliseconds; 0 where nobody can tell. */
function silenceOf(path: string): number {
  return Date.now() - (tried(() => statSync(path).mtimeMs) ?? Date.now());
}

function touch(path: string): void {
  const now = new Date();
  tried(() => utimesSync(path, now, now));
}

/** When a process began, in ticks since the start of the system; null where the system does not tell. */
function beganOf(pid: number): string | null {
  // The name of the program, in brackets, may hold anything.
  const status = tried(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return status?.slice(status.lastIndexOf(')') + 2).split(' ')[STARTTIME] ?? null;
}

/** Field 22 of `/proc/[pid]/stat`, counted from field 3 (proc(5)). */
const STARTTIME = 19;

function tried<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
