import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type FoldScores, readFoldScores, writeFoldScores } from '../../../src/anomaly/calibration/fold-scores.ts';
import { preset } from '../../../src/cyclegan/presets.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { expectRefusal, useTemporaryFolder } from '../../data/support.ts';

const path = useTemporaryFolder();
const statistics = { mean: 1, sd: 2, gradient: 3, darkest: 4, brightest: 5 };
const scores: FoldScores = {
  folds: 2,
  trains: 'all',
  hash: 'abc',
  config: preset('tiny'),
  images: [
    {
      file: 'normal/0.png',
      label: 'normal',
      fold: 1,
      scores: { sse: 0.1 + 0.2 },
      statistics,
      heat: { dn: { hottest: 0.5, median: -0.25 } },
    },
    { file: 'abnormal/0.png', label: 'abnormal', group: 'bolt 7', fold: 2 },
  ],
  merits: [{ masked: 3, aupro: { dn: 0.75 } }],
};

it('fold scores come back as they were, and damaged ones are refused', () => {
  const run = runFolder(path());
  writeFoldScores(run, scores);
  expect(readFoldScores(run)).toEqual(scores);
  const text = readFileSync(run.foldScores, 'utf8');
  const damages: [string, string][] = [
    ['"folds": 2', '"folds": "2"'],
    ['0.30000000000000004', 'null'],
    ['"sd": 2', '"sd": null'],
    ['"fold": 2', '"fold": null'],
    ['"bolt 7"', '7'],
    ['"ngf"', '"ngF"'],
    ['"folds": 2', '"folds": 1'],
    ['"fold": 2', '"fold": 0'],
    ['"fold": 2', '"fold": 3'],
    ['"statistics"', '"statistic"'],
    ['"hottest"', '"hot"'],
    ['"masked": 3', '"masked": 3.5'],
    ['0.30000000000000004', '1e999'],
  ];
  for (const [whole, broken] of damages) {
    expect(text).toContain(whole);
    writeFileSync(run.foldScores, text.replace(whole, broken));
    expectRefusal(() => readFoldScores(run), 'fold-scores.json');
  }
});
