import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { brief } from '../../data/files/brief.ts';
import { described } from '../../data/files/json.ts';
import { readJson } from '../../data/files/json-file.ts';
import { makeFolder } from '../../data/files/make-folder.ts';
import { isRemains } from '../../data/files/remains.ts';
import { byName, list, object, oneOf, text, whole } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';

/** What tells one job from another. */
export interface JobIdentity {
  kind: 'score' | 'folds' | 'protocol' | 'sweep';
  /** How many shards there are. */
  shards: number;
  /** What every shard must have in common: versions, options, inputs. It decides the pieces. */
  common: Record<string, unknown>;
}

/** A job that is divided into shards. Each leaves its pieces in one folder, complete or absent, and nothing else is shared. */
export interface Job extends JobIdentity {
  /** What the shards make, in order. */
  pieces: string[];
}

/** @internal */
export const identitySchema = object({
  kind: oneOf(['score', 'folds', 'protocol', 'sweep']),
  shards: whole(1),
  common: byName(v.unknown()),
}) satisfies v.GenericSchema<unknown, JobIdentity>;

const jobSchema = described(
  object({ ...identitySchema.entries, pieces: list(text) }) satisfies v.GenericSchema<unknown, Job>,
  { holds: 'what shards make together', remedy: 'Restore it, or begin in another folder.' },
);

const JOB = 'job.json';
const PIECES = 'pieces';

export function jobPath(out: string): string {
  return join(out, JOB);
}

/** The folder of the pieces. */
export function piecesFolder(out: string): string {
  return join(out, PIECES);
}

/**
 * Begins a job in a new or empty folder, or joins that which another shard began. Shards may do so at the same time.
 *
 * @throws CyclopsError when the folder holds something else, or another job
 */
export function joinJob(out: string, job: Job): void {
  makeFolder(out);
  if (!existsSync(jobPath(out))) {
    const stranger = readdirSync(out).find((name) => !isOwn(name));
    // Another shard may have begun the job in between.
    if (stranger !== undefined && !existsSync(jobPath(out))) {
      throw new CyclopsError(
        `--out ${out} is not empty: it holds ${stranger}, and no ${JOB} of a job that shards have begun. Name a new or empty folder.`,
      );
    }
    writeFileAtomic(jobPath(out), `${JSON.stringify(job, null, 2)}\n`);
  }
  const begun = readJob(out);
  const isInOrder = JSON.stringify(begun.pieces) === JSON.stringify(job.pieces);
  const difference = differenceOf(begun, job) ?? (isInOrder ? null : 'its pieces in another order');
  if (difference !== null) {
    throw new CyclopsError(
      `The job in ${out} was begun with ${difference}. Give every shard the same, or begin in another folder.`,
    );
  }
  makeFolder(piecesFolder(out));
}

/** @throws CyclopsError when there is none, or a damaged one */
export function readJob(out: string): Job {
  if (existsSync(jobPath(out))) return readJson(jobPath(out), jobSchema);
  throw new CyclopsError(
    `${out} holds no ${JOB}: no shard has begun there. Name the folder that shards were given with --out.`,
  );
}

/** The job itself, which a network drive may show late, and remains of writers; and what file systems put into every volume. */
function isOwn(name: string): boolean {
  return name === JOB || isRemains(name) || name === 'lost+found';
}

/** How many shards the job in a folder has; null where none was begun. */
export function shardsBegun(out: string): number | null {
  return existsSync(jobPath(out)) ? readJob(out).shards : null;
}

/** What is not the same in two jobs, for the middle of a sentence: `16 shards, and here there are 4`; null where nothing is. */
export function differenceOf(begun: JobIdentity, here: JobIdentity): string | null {
  if (begun.kind !== here.kind) return `another purpose: ${begun.kind}, and here it is ${here.kind}`;
  const names = Object.keys({ ...begun.common, ...here.common });
  const other = names.find((name) => JSON.stringify(begun.common[name]) !== JSON.stringify(here.common[name]));
  if (other !== undefined)
    return `another ${other}: ${shown(begun.common[other])}, and here it is ${shown(here.common[other])}`;
  return begun.shards === here.shards ? null : `${begun.shards} shards, and here there are ${here.shards}`;
}

function shown(value: unknown): string {
  return value === undefined || value === null ? 'none' : brief(value);
}
