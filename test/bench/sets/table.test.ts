import { describe, expect, it } from 'vitest';
import type { BenchSet } from '../../../bench/sets/outcome.ts';
import { report, summarise } from '../../../bench/sets/table.ts';
import { outcome } from './support.ts';

const TILES: BenchSet = { name: 'tiles', options: '', auroc: 0.9, aupro: 0.85 };
const XRAY: BenchSet = { name: 'xray', options: '', auroc: 0.97, aupro: null };

const withAuroc = (auroc: number, given = {}) => ({
  outcome: outcome({ score: { name: 'dn', auroc, chosenOn: 'calibration', calibrationAuroc: null }, ...given }),
  unet: null,
});

/** The cells of the row that begins with a name, by the head of its table. */
function rowOf(text: string, name: string): Record<string, string> {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${name} |`));
  const head = lines.slice(0, at).findLastIndex((line) => line.startsWith('| ---')) - 1;
  const cells = (line = '') =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
  const values = cells(lines[at]);
  return Object.fromEntries(cells(lines[head]).map((column, i) => [column, values[i] ?? '']));
}

describe('summarise', () => {
  it('takes means over seeds, and sums of counts', () => {
    const summary = summarise([
      withAuroc(0.9, { seconds: 60, foldSeconds: 120, zfn: { missed: 0, abnormal: 10, falseAlarms: 20, normal: 20 } }),
      withAuroc(0.96, { seed: 1, pixels: null, seconds: 60 }),
    ]);
    expect(summary).toMatchObject({ seeds: 2, worst: 0.9, missed: [1, 20], falseAlarms: [25, 40], minutes: 2 });
    expect(summary.auroc).toBeCloseTo(0.93, 12);
    expect(summary.aupro).toBe(0.8);
  });

  it('is steady while the worst seed is at most 0.05 below the mean', () => {
    expect(summarise([withAuroc(0.85), withAuroc(0.95)]).isSteady).toBe(true);
    expect(summarise([withAuroc(0.84), withAuroc(0.95)]).isSteady).toBe(false);
  });
});

describe('report', () => {
  const entries = [
    withAuroc(0.9),
    withAuroc(0.9, { seed: 1 }),
    withAuroc(0.9, { seed: 2 }),
    withAuroc(0.8, { set: 'xray', pixels: null, zfn: { missed: 0, abnormal: 4, falseAlarms: 1, normal: 4 } }),
  ];

  it('says which targets are met', () => {
    const text = report([TILES, XRAY], entries, 3);
    expect(rowOf(text, 'tiles')).toMatchObject({
      seeds: '3',
      'AUROC, mean': '0.900',
      target: '≥ 0.9, met',
      'target of AUPRO': '≥ 0.85, **missed**',
      missed: '3 of 30 (10.0 %)',
      'hot normal images': '6 of 60 (10.0 %), promised 5.0 %',
    });
    expect(rowOf(text, 'xray')).toMatchObject({
      seeds: '1 of 3',
      target: '≥ 0.97, **missed**',
      'AUPRO, mean': '–',
      'target of AUPRO': '–',
    });
    expect(rowOf(report([TILES], [withAuroc(0.7), withAuroc(1)], 2), 'tiles').worst).toContain('more than 0.05 below');
  });

  it('counts each set alike in the means over sets', () => {
    const row = rowOf(report([TILES, XRAY], entries, 3), '**mean of the sets**');
    expect(row).toMatchObject({ 'AUROC, mean': '0.850', missed: '5.0 %', 'false alarms': '25.0 %' });
    expect(row['F1 of hot pixels']).toBe('0.400');
  });

  it('marks what was chosen on the images it speaks of', () => {
    const [text] = [report([TILES], entries, 3)];
    expect(text).toContain('* oracle');
    expect(rowOf(text, 'tiles')['best score*']).toBe('0.950');
    expect(rowOf(text, 'tiles-1')).toMatchObject({ 'best score*': '0.950 (max)', 'best F1*': '0.600' });
  });

  it('has the columns of the U-Net where it was trained', () => {
    const figures = { auroc: 0.99, pixels: { auroc: 0.9, aupro: 0.75 }, steps: 9, seconds: 60 };
    const beside = [{ outcome: outcome(), unet: { masks: figures, labels: { ...figures, pixels: null } } }];
    expect(rowOf(report([TILES], beside, 1), 'tiles')).toMatchObject({
      'U-Net with masks': '0.990, 0.750',
      'U-Net with labels': '0.990',
    });
    expect(report([TILES], entries, 3)).not.toContain('| U-Net');
  });

  it('tells the options of each set, once for all seeds', () => {
    const text = report(
      [TILES],
      [withAuroc(0.9, { options: '--steps 9 --seed 0' }), withAuroc(0.9, { seed: 1, options: '--steps 9 --seed 1' })],
      2,
    );
    expect(text).toContain('- tiles: `--steps 9`\n');
    expect(report([TILES], [withAuroc(0.9, { options: null })], 1)).toContain('- tiles: not known');
  });

  it('is short before anything is done', () => expect(report([TILES], [], 3)).toBe('No run is done yet.\n'));
});
