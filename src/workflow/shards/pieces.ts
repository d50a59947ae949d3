import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { AtomicFile } from '../../data/files/atomic.ts';
import { quoted } from '../../data/files/brief.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { checkJson, described, parseJson } from '../../data/files/json.ts';
import { whileLocked } from '../../data/files/lock.ts';
import { readBytes } from '../../data/files/read.ts';
import { hexadecimal, object, text } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Listener } from '../common/listener.ts';
import { differenceOf, identitySchema, type Job, piecesFolder } from './job.ts';
import { ownOf, type Shard, type ShardDone, shardWith } from './shard.ts';

/**
 * What one shard made: lines of text, then a last line of JSON that says of which job it is and what came of it. A file that is cut off
 * has no such line, and one that was changed has another hash.
 */
const sealSchema = described(
  object({
    job: identitySchema,
    piece: text,
    /** SHA-256 of the lines above and of the result. */
    sha256: hexadecimal(64),
    result: v.unknown(),
  }),
  { holds: 'a piece of a job', remedy: '' },
);

interface Piece {
  lines: Uint8Array;
  result: unknown;
}

const LINE_FEED = 0x0a;

function piecePath(out: string, name: string): string {
  return join(piecesFolder(out), `${name}.piece`);
}

/** Writes a piece as it is made; it is there when it is complete, and not before. */
export class PieceWriter {
  private readonly hash: Hash = createHash('sha256');

  private constructor(
    private readonly job: Job,
    private readonly name: string,
    private readonly file: AtomicFile,
  ) {}

  /** @throws CyclopsError when it cannot be written */
  static open(out: string, job: Job, name: string): PieceWriter {
    return new PieceWriter(job, name, AtomicFile.open(piecePath(out, name)));
  }

  /** @param line with its end */
  add(line: string): void {
    this.hash.update(line);
    this.file.write(line);
  }

  complete(result: unknown): void {
    const { name: piece } = this;
    const { pieces: _, ...job } = this.job;
    const sha256 = this.hash.update(JSON.stringify(result)).digest('hex');
    this.file.write(`${JSON.stringify({ job, piece, sha256, result })}\n`);
    this.file.complete();
  }

  /** Leaves nothing behind, unless it is complete. */
  abandon(): void {
    this.file.abandon();
  }
}

/** Writes a piece without lines. @throws CyclopsError when it cannot be written */
export function writePiece(out: string, job: Job, name: string, result: unknown): void {
  const piece = PieceWriter.open(out, job, name);
  try {
    piece.complete(result);
  } finally {
    piece.abandon();
  }
}

/** A file that was cut off or changed after it was complete. */
class DamagedPiece extends CyclopsError {}

/**
 * A piece that is complete; null where it is not there.
 *
 * @throws CyclopsError when it is of another job, or damaged
 */
function readPiece(out: string, job: Job, name: string): Piece | null {
  const path = piecePath(out, name);
  if (!existsSync(path)) return null;
  const bytes = readBytes(path);
  const end = bytes.length > 1 ? bytes.lastIndexOf(LINE_FEED, bytes.length - 2) + 1 : 0;
  const lines = bytes.subarray(0, end);
  const seal = sealOf(new TextDecoder().decode(bytes.subarray(end)), path);
  const sha256 = createHash('sha256').update(lines).update(JSON.stringify(seal.result)).digest('hex');
  if (seal.sha256 !== sha256) throw damaged(path);
  const difference = differenceOf(job, seal.job);
  if (difference !== null)
    throw new CyclopsError(`${path} is of another job: this one was begun with ${difference}. Move it away.`);
  if (seal.piece !== name)
    throw new CyclopsError(`${path} is the piece ${quoted(seal.piece)} under another name. Move it away.`);
  return { lines, result: seal.result };
}

function sealOf(line: string, path: string): v.InferOutput<typeof sealSchema> {
  try {
    return parseJson(line, sealSchema, path);
  } catch (error) {
    throw error instanceof CyclopsError ? damaged(path) : error;
  }
}

function damaged(path: string): DamagedPiece {
  return new DamagedPiece(`${path} is cut off or was changed since it was written.`);
}

/**
 * Whether a piece need not be made again. A damaged one has to be, and a warning says so.
 *
 * @throws CyclopsError when a piece of another job lies in its place
 */
export function isDone(out: string, job: Job, name: string, onWarning: Listener['onWarning']): boolean {
  try {
    return readPiece(out, job, name) !== null;
  } catch (error) {
    if (!(error instanceof DamagedPiece)) throw error;
    onWarning?.(`${error.message} It is made anew.`);
    return false;
  }
}

/**
 * Makes what there is to do for a shard, as the only process that makes it. Warns of pieces that have to be made anew.
 *
 * @param make makes these pieces @returns what was done, with whether `make` made all
 * @throws CyclopsError as {@link isDone}, and when another process makes the shard
 */
export async function makeShard(
  { out, onWarning }: Pick<Listener, 'onWarning'> & { out: string },
  job: Job,
  shard: Shard,
  make: (names: string[]) => Promise<boolean>,
): Promise<ShardDone> {
  const lock = {
    path: join(piecesFolder(out), `.shard-${shard.number}.lock`),
    what: `The shard ${shard.number}/${shard.of} of the job in ${out}`,
    onStale: onWarning,
  };
  return await whileLocked(lock, async () => {
    const own = ownOf(job.pieces, shard);
    const names = own.filter((name) => !isDone(out, job, name, onWarning));
    return { own, names, isWhole: await make(names) };
  });
}

/**
 * The results of all pieces of a job, in order.
 *
 * @param result what each should have
 * @throws CyclopsError naming those that are missing, damaged or of another job, and the shards to submit again
 */
export function resultsOf<S extends v.GenericSchema>(out: string, job: Job, result: S): v.InferOutput<S>[] {
  const absent = new Map<string, string>();
  const results = job.pieces.flatMap((name): v.InferOutput<S>[] => {
    try {
      const piece = readPiece(out, job, name);
      if (piece) return [checkJson(piece.result, result, piecePath(out, name))];
      absent.set(name, name);
    } catch (error) {
      if (!(error instanceof CyclopsError)) throw error;
      absent.set(name, `${name} (${error.message})`);
    }
    return [];
  });
  requireNoStrangers(out, job);
  if (absent.size === 0) return results;
  const numbers = job.pieces.flatMap((name, i) =>
    absent.has(name) ? [shardWith(i, job.pieces.length, job.shards)] : [],
  );
  const shards = [...new Set(numbers)];
  const again = shards.map((number) => `${number}/${job.shards}`).join(', ');
  throw new CyclopsError(
    `${absent.size} of ${job.pieces.length} pieces are not there: ${[...absent.values()].join(', ')}. Wait for their shards, or submit ` +
      `them again: --shard ${again}; of an array the indices ${shards.join(',')}.`,
  );
}

/** @throws CyclopsError for complete files in the folder of pieces that are no pieces of the job */
function requireNoStrangers(out: string, { pieces }: Job): void {
  const folder = piecesFolder(out);
  const own = new Set(pieces.map((name) => `${name}.piece`));
  const strangers = filesIn(folder).filter((name) => !own.has(name) && !name.startsWith('.'));
  if (strangers.length === 0) return;
  throw new CyclopsError(
    `${folder} holds ${strangers.join(', ')}, which no shard of this job makes. Move that away, and collect again.`,
  );
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw fileError(error, 'list', folder);
  }
}

/** The lines of all pieces, one piece after another. {@link resultsOf} has checked them. */
export function* linesOf(out: string, job: Job): Generator<Uint8Array> {
  for (const name of job.pieces) {
    const piece = readPiece(out, job, name);
    if (piece) yield piece.lines;
  }
}
