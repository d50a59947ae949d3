import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOSS_NAMES } from '../../../src/cyclegan/losses.ts';
import { damageText, gapText, MetricsLog, readMetrics } from '../../../src/cyclegan/run/metrics-log.ts';
import { expectRefusal, put, useTemporaryFolder } from '../../data/support.ts';

const path = useTemporaryFolder();
const line = (step: number, changes: object = {}) => {
  const losses = Object.fromEntries(LOSS_NAMES.map((name, i) => [name, step + i / 8]));
  return `${JSON.stringify({ step, epoch: 1, lr: 0.0002, ...losses, ...changes })}\n`;
};
const log = (...lines: string[]) => put(path('metrics.jsonl'), lines.join(''));
/** Resumes a log after a step; what is in it then. */
const resumed = (file: string, step: number) => {
  new MetricsLog(file, step).close();
  return readFileSync(file, 'utf8');
};

describe('a log of losses', () => {
  it('holds nothing where there is none, and loses a last line that a kill cut short', () => {
    expect(readMetrics(path('metrics.jsonl'))).toEqual({ records: [], damaged: [] });
    const file = log(line(1), line(2), line(3).slice(0, -9));
    const { records, damaged } = readMetrics(file);
    expect(records.map(({ step }) => step)).toEqual([1, 2]);
    expect(records[1]?.cycle_A).toBe(2 + LOSS_NAMES.indexOf('cycle_A') / 8);
    expect(damaged).toEqual([]);
    expect(resumed(file, 2)).toBe(line(1) + line(2));
  });

  it.each([
    ['cut short', line(2).slice(0, -9)],
    ['empty', '\n'],
    ['of zeros', '\0\0\0\0\n'],
    ['without a loss', line(2, { idt_B: undefined })],
    ['with a loss that is no number', line(2, { idt_B: null })],
    ['of no step', line(2, { step: 0.5 })],
    ['that is a list', '[2]\n'],
  ])('is told to be damaged where a line is %s, and is not resumed without it', (_, damaged) => {
    const text = line(1) + (damaged.endsWith('\n') ? damaged : `${damaged}\n`) + line(3);
    const file = log(text);
    expect(readMetrics(file)).toMatchObject({ records: [{ step: 1 }, { step: 3 }], damaged: [2] });
    expectRefusal(() => resumed(file, 3), file, 'line 2 does not', 'delete these lines');
    expect(readFileSync(file, 'utf8')).toBe(text);
    // What comes after the checkpoint is written anew.
    expect(resumed(file, 1)).toBe(line(1));
  });

  it('tells of steps without a line, goes on all the same, and tells again', () => {
    const file = log(line(1), line(2), line(5), line(7), line(9));
    for (let times = 0; times < 2; times++) {
      const opened = new MetricsLog(file, 8);
      opened.close();
      expect(opened.gap).toMatch(/no line for 4 of 8 steps: 3 to 4, 6, 8\. /);
    }
    expect(gapText(file, readMetrics(log(line(1), line(2), line(2))).records, 2)).toBeNull();
    expect(gapText(file, [], 0)).toBeNull();
    const odd = Array.from({ length: 20 }, (_, i) => line(2 * i + 1)).join('');
    expect(gapText(file, readMetrics(log(odd)).records, 39)).toContain(
      '19 of 39 steps: 2, 4, 6, 8, 10 and 14 gaps more',
    );
  });

  it('names some of many lines', () => {
    const file = path('many.jsonl');
    writeFileSync(file, `${line(1)}${'?\n'.repeat(1000)}${line(1002)}`);
    expect(damageText(file, readMetrics(file).damaged)).toContain('line 2, 3, 4, 5, 6 and 995 more does');
  });
});
