import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cyclops, makeData, type Outcome, SMALL, temporaryFolder } from '../cli/support.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const run = folder.path('run');
let trained: Outcome;

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(async () => {
  makeData(data, { normal: 18, abnormal: 18 });
  const args = ['train', data, '--out', run, ...SMALL, '--steps', '3', '--calibration-share', '0.9'];
  args.push('--group-by', '^abnormal/.*([0-3])[.]png');
  trained = await cyclops(...args);
});

afterAll(() => folder.remove());

it('combination and average of scores are made in calibration, and are scores like the others everywhere', async () => {
  expect(trained.code).toBe(0);
  expect(trained.stdout).toMatch(/combination has AUROC [\d.]+ on images that it was not fitted on/);
  const { chosen, average, combination, scores, counts, objects } = JSON.parse(
    readFileSync(join(run, 'thresholds.json'), 'utf8'),
  );
  expect(objects.abnormal).toBeLessThan(counts.abnormal);
  expect(trained.stdout).toContain(
    `No miss among ${counts.abnormal} abnormal images of n = ${objects.abnormal} objects`,
  );
  const made = ['combined', 'average'];
  expect([...Object.keys(combination.weights), ...made]).toEqual(Object.keys(scores));
  expect([chosen, average.scores.at(-1)]).toEqual(['average', 'combined']);

  const csv = folder.path('e.csv');
  const evaluated = await cyclops('evaluate', run, data, '--json', '--csv', csv, '--report', folder.path('r.html'));
  const { combined } = JSON.parse(evaluated.stdout).scores;
  expect(combined).toMatchObject({
    auroc: expect.any(Number),
    calibrationAuroc: scores.combined.auroc,
    calibrated: { oracle: false, threshold: scores.combined.threshold },
  });
  expect(readFileSync(folder.path('r.html'), 'utf8')).toContain('<code>combined</code>');

  for (const name of made) {
    const args = ['score', join(run, 'model.safetensors'), data, '--by', name];
    const [alone, all] = [await cyclops(...args), await cyclops(...args, '--csv', folder.path('s.csv'))];
    expect(alone.code).toBe(0);
    expect(alone.stdout).toBe(all.stdout);
    const column = (path: string) => {
      const rows = readFileSync(path, 'utf8')
        .trimEnd()
        .split('\r\n')
        .map((row) => row.split(','));
      const at = rows[0]?.indexOf(name) ?? -1;
      return new Map(rows.slice(1).map((row) => [row[0], row[at]]));
    };
    const scored = column(folder.path('s.csv'));
    const judged = column(csv);
    expect([judged.size > 0, scored.size]).toEqual([true, 36]);
    for (const [file, value] of judged) expect(scored.get(file)).toBe(value);
  }
});
