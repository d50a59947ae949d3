import { cpSync, existsSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { removeRemains } from '../../../src/data/files/remains.ts';
import { type Job, joinJob } from '../../../src/workflow/shards/job.ts';
import { isDone, linesOf, PieceWriter, resultsOf, writePiece } from '../../../src/workflow/shards/pieces.ts';
import { ownOf, shardWith } from '../../../src/workflow/shards/shard.ts';
import { expectRefusal, useTemporaryFolder } from '../../data/support.ts';

const path = useTemporaryFolder();
const job: Job = {
  ...{ kind: 'score', shards: 2, pieces: ['shard-1', 'shard-2'] },
  common: { version: '1', '--threshold': 2.5 },
};

function write(out: string, name: string, of: Job = job): string {
  const piece = PieceWriter.open(out, of, name);
  piece.add(`${name} a\r\n`);
  piece.add(`${name} b\r\n`);
  piece.complete(name);
  return path('out', 'pieces', `${name}.piece`);
}

const collect = () => resultsOf(path('out'), job, v.string());

describe('shares', () => {
  it('hold every item once and in order, and differ by one at most', () => {
    for (const count of [0, 1, 2, 7, 16, 100]) {
      const items = Array.from({ length: count }, (_, i) => i);
      for (const of of [1, 2, 3, 16, 31]) {
        const shares = Array.from({ length: of }, (_, i) => ownOf(items, { number: i + 1, of }));
        expect(shares.flat()).toEqual(items);
        const sizes = shares.map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const [i, item] of items.entries()) expect(shares[shardWith(i, items.length, of) - 1]).toContain(item);
      }
    }
  });
});

describe('a job', () => {
  it('is joined by those who do the same, and by nobody else', () => {
    joinJob(path('out'), job);
    joinJob(path('out'), job);
    const refused: [Job, string][] = [
      [{ ...job, shards: 4 }, 'begun with 2 shards, and here there are 4'],
      [{ ...job, kind: 'sweep' }, 'another purpose: score, and here it is sweep'],
      [{ ...job, common: { ...job.common, version: '2' } }, 'another version: "1", and here it is "2"'],
      [{ ...job, common: { ...job.common, '--threshold': 3 } }, 'another --threshold: 2.5, and here it is 3'],
      [{ ...job, common: { ...job.common, '--tile': 64 } }, 'another --tile: none, and here it is 64'],
      [{ ...job, pieces: job.pieces.toReversed() }, 'its pieces in another order'],
    ];
    for (const [other, reason] of refused) expectRefusal(() => joinJob(path('out'), other), reason, 'another folder');
  });

  it('is not begun among other files, and not joined where its file is damaged', () => {
    writeFileSync(path('notes.txt'), '');
    expectRefusal(() => joinJob(path(), job), 'holds notes.txt');
    joinJob(path('out'), job);
    truncateSync(path('out', 'job.json'), 20);
    expectRefusal(() => joinJob(path('out'), job), 'does not hold what shards make together');
  });
});

describe('pieces', () => {
  it('are complete or absent, and what a killed writer left is taken away in the end', () => {
    joinJob(path('out'), job);
    const killed = PieceWriter.open(path('out'), job, 'shard-1');
    killed.add('half of it');
    expect(isDone(path('out'), job, 'shard-1', undefined)).toBe(false);
    for (const name of job.pieces) write(path('out'), name);
    expect(isDone(path('out'), job, 'shard-1', undefined)).toBe(true);
    expect(collect()).toEqual(['shard-1', 'shard-2']);
    expect(Buffer.concat([...linesOf(path('out'), job)]).toString()).toBe(
      'shard-1 a\r\nshard-1 b\r\nshard-2 a\r\nshard-2 b\r\n',
    );
    expect(readdirSync(path('out', 'pieces'))).toHaveLength(3);
    removeRemains(path('out', 'pieces'));
    expect(readdirSync(path('out', 'pieces')).sort()).toEqual(['shard-1.piece', 'shard-2.piece']);
    killed.abandon();
  });

  it('may be made twice at the same time', () => {
    joinJob(path('out'), job);
    const twins = [1, 2].map(() => PieceWriter.open(path('out'), job, 'shard-1'));
    for (const twin of twins) twin.add('line\r\n');
    for (const twin of twins) twin.complete('done');
    write(path('out'), 'shard-2');
    expect(collect()).toEqual(['done', 'shard-2']);
  });

  it('that are missing are named, with the shards to submit again', () => {
    joinJob(path('out'), job);
    expectRefusal(
      collect,
      '2 of 2 pieces are not there: shard-1, shard-2',
      '--shard 1/2, 2/2; of an array the indices 1,2',
    );
    write(path('out'), 'shard-1');
    expectRefusal(collect, '1 of 2 pieces are not there: shard-2', '--shard 2/2; of an array the indices 2');
  });

  it('that are cut off or changed are found, wherever that is, and made anew', () => {
    joinJob(path('out'), job);
    write(path('out'), 'shard-2');
    const file = write(path('out'), 'shard-1');
    const whole = readFileSync(file);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(3) ^ 1, 3);
    const cuts = Array.from({ length: whole.length - 1 }, (_, length) => whole.subarray(0, length));
    const changed = Buffer.from(whole.toString().replace('"result":"shard-1"', '"result":"shard-2"'));
    expect(changed.equals(whole)).toBe(false);
    for (const bytes of [...cuts, flipped, changed]) {
      writeFileSync(file, bytes);
      expectRefusal(collect, 'shard-1 (', 'cut off or was changed', '--shard 1/2');
      const warnings: string[] = [];
      expect(isDone(path('out'), job, 'shard-1', (text) => void warnings.push(text))).toBe(false);
      expect(warnings).toEqual([expect.stringMatching(/made anew/)]);
    }
    write(path('out'), 'shard-1');
    expect(collect()).toHaveLength(2);
  });

  it('of another job, under another name, or of a shard too many are refused with the reason', () => {
    joinJob(path('out'), job);
    joinJob(path('other'), { ...job, common: { ...job.common, version: '2' } });
    write(path('out'), 'shard-2');
    write(path('other'), 'shard-1', { ...job, common: { ...job.common, version: '2' } });
    const file = path('out', 'pieces', 'shard-1.piece');
    cpSync(path('other', 'pieces', 'shard-1.piece'), file);
    expectRefusal(collect, 'shard-1 (', 'begun with another version: "1", and here it is "2"');
    expectRefusal(() => isDone(path('out'), job, 'shard-1', undefined), 'is of another job');
    cpSync(path('out', 'pieces', 'shard-2.piece'), file);
    expectRefusal(collect, "is the piece 'shard-2' under another name");
    renameSync(file, path('out', 'pieces', 'shard-3.piece'));
    write(path('out'), 'shard-1');
    expectRefusal(collect, 'holds shard-3.piece, which no shard of this job makes');
    expect(existsSync(path('out', 'pieces', 'shard-3.piece'))).toBe(true);
  });

  it('may have no lines', () => {
    joinJob(path('out'), job);
    for (const name of job.pieces) writePiece(path('out'), job, name, name);
    expect(collect()).toEqual(job.pieces);
  });
});
