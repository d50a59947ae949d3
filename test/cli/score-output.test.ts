import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScoreOutput } from '../../src/cli/score-output.ts';
import type { FileResult } from '../../src/workflow/score.ts';
import { onSmallDisk } from '../data/support.ts';

const decision = { by: 'sse', threshold: 0.123456789, scores: ['sse', 'l1'], heatmap: null };
const results: FileResult[] = [
  {
    ...{ file: 'a.png', path: '/in/a.png', status: 'flagged', score: 12.3456789012 },
    ...{ scores: { sse: 12.3456789012, l1: 0.25 }, pictures: null },
  },
  { file: '=1+1.png', path: '/in/=1+1.png', status: 'unreadable', reason: 'it is empty' },
];

let folder: string;
let printed: string;
let terminal: boolean | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cyclops-output-'));
  printed = '';
  terminal = process.stdout.isTTY;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.stdout.isTTY = terminal as boolean;
  rmSync(folder, { recursive: true });
});

/** What is printed of all results. */
async function show({ onTerminal, json, csv }: { onTerminal: boolean; json: boolean; csv?: string }): Promise<string> {
  process.stdout.isTTY = onTerminal;
  const output = new ScoreOutput(decision, { json, csv });
  await output.during(async () => {
    for (const result of results) output.add(result);
  });
  return printed;
}

describe('ScoreOutput', () => {
  it('shows people a header and six digits', async () => {
    expect(await show({ onTerminal: true, json: false })).toBe(
      'file\tsse\tthreshold\tstatus\na.png\t12.3457\t0.123457\tflagged\n=1+1.png\t\t\tunreadable\n',
    );
  });

  it('gives programs every digit and no header', async () => {
    expect(await show({ onTerminal: false, json: false })).toBe(
      'a.png\t12.3456789012\t0.123456789\tflagged\n=1+1.png\t\t\tunreadable\n',
    );
  });

  it.each([true, false])(
    'prints a JSON object a line, unreadable files among them (on a terminal: %s)',
    async (onTerminal) => {
      const lines = (await show({ onTerminal, json: true })).trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        {
          ...{ file: 'a.png', status: 'flagged', decidedBy: 'sse', score: 12.3456789012, threshold: 0.123456789 },
          scores: { sse: 12.3456789012, l1: 0.25 },
        },
        { file: '=1+1.png', status: 'unreadable', reason: 'it is empty' },
      ]);
    },
  );

  it('writes a row for each file, of which a spreadsheet runs nothing', async () => {
    const csv = join(folder, 'scores.csv');
    await show({ onTerminal: true, json: true, csv });
    expect(readdirSync(folder)).toEqual(['scores.csv']);
    expect(readFileSync(csv, 'utf8')).toBe(
      'file,status,decided_by,threshold,sse,l1,reason\r\n' +
        'a.png,flagged,sse,0.123456789,12.3456789012,0.25,\r\n' +
        "'=1+1.png,unreadable,sse,0.123456789,,,it is empty\r\n",
    );
  });

  it('adds rows to the table whole, or not at all, as where the disk is full', async (context) => {
    await onSmallDisk(context, join(folder, 'disk'), async (disk) => {
      const csv = join(disk, 'scores.csv');
      const output = new ScoreOutput(decision, { json: false, csv });
      const long = 'x'.repeat(10_000);
      const adding = output.during(async () => {
        for (let i = 0; ; i++)
          output.add({ file: `${i}`, path: '/in', status: 'unreadable', reason: long.concat(`${i}`) });
      });
      await expect(adding).rejects.toThrow(/cannot write .*scores\.csv: no space is left/);
      const table = readFileSync(csv, 'utf8');
      expect(table.length).toBeGreaterThan(1000);
      expect(table.endsWith('\r\n')).toBe(true);
    });
  });
});
