import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { collect } from '../../src/workflow/collect.ts';
import type { ScoredPiece } from '../../src/workflow/scored-piece.ts';
import { type Job, joinJob } from '../../src/workflow/shards/job.ts';
import { PieceWriter } from '../../src/workflow/shards/pieces.ts';
import { expectRejection, put, useTemporaryFolder } from '../data/support.ts';

const path = useTemporaryFolder();
const job: Job = { kind: 'score', shards: 2, pieces: ['shard-1', 'shard-2'], common: {} };
const header = 'file,status,decided_by,threshold,sse,reason\r\n';

function leave(name: string, rows: string[], found: Partial<ScoredPiece>): void {
  joinJob(path('out'), job);
  const piece = PieceWriter.open(path('out'), job, name);
  for (const row of rows) piece.add(row);
  piece.complete({ header, flagged: 0, unreadable: [], total: rows.length, device: 'one', ...found });
}

describe('collect', () => {
  it('joins rows in the order of the shards, sums what they found, and warns of several kinds of devices', async () => {
    leave('shard-2', ['c,passed,sse,2,1,\r\n'], { device: 'another', unreadable: ['d is torn'] });
    leave('shard-1', ['a,flagged,sse,2,3,\r\n', 'b,passed,sse,2,0.5,\r\n'], { flagged: 1 });
    const warnings: string[] = [];
    const collected = await collect({ out: path('out'), onWarning: (warning) => void warnings.push(warning) });
    const csv = path('out', 'scores.csv');
    expect(collected).toEqual({ kind: 'score', csv, flagged: 1, unreadable: ['d is torn'], total: 3 });
    expect(readFileSync(csv, 'utf8')).toBe(
      `${header}a,flagged,sse,2,3,\r\nb,passed,sse,2,0.5,\r\nc,passed,sse,2,1,\r\n`,
    );
    expect(warnings).toEqual([expect.stringMatching(/2 kinds of devices \(one; another\)/)]);
  });

  it('overwrites an earlier table, and nothing else', async () => {
    leave('shard-1', [], {});
    leave('shard-2', [], {});
    const out = path('out');
    const csv = put(path('table.csv'), '');
    for (let times = 0; times < 2; times++) await collect({ out, csv });
    expect(readFileSync(csv, 'utf8')).toBe(header);
    const image = put(path('image.png'));
    const before = readFileSync(image);
    await expectRejection(() => collect({ out, csv: image }), 'is not a table of scores of Cyclops');
    expect(readFileSync(image)).toEqual(before);
  });

  it('refuses what cannot have been found', async () => {
    leave('shard-1', [], { flagged: 3 });
    leave('shard-2', [], { unreadable: ['x'.repeat(5e6)] });
    await expectRejection(() => collect({ out: path('out') }), '2 of 2 pieces', 'no more flagged', 'a text of at most');
    const thrown = await collect({ out: path('out') }).catch(({ message }) => message);
    expect(thrown.length).toBeLessThan(2000);
  });

  it('refuses a folder in which no shard has begun', async () => {
    await expectRejection(() => collect({ out: path('none') }), 'holds no job.json', '--out');
  });
});
