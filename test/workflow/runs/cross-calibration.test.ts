import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkpointBytes, cyclops, makeData, SMALL, start, temporaryFolder, until } from '../../cli/support.ts';
import { put } from '../../data/support.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const run = folder.path('run');

vi.setConfig({ testTimeout: 480_000, hookTimeout: 240_000 });

/** An image in fold-scores.json. */
interface Row {
  label: string;
  scores: { sse: number };
}
const isAbnormal = ({ label }: Row) => label === 'abnormal';
const sse = ({ scores }: Row) => scores.sse;

const train = (out: string, ...options: string[]) => [
  ...['train', data, '--out', out, ...SMALL, '--steps', '12', '--no-tune', '--folds', '2', ...options],
];
const lines = (...path: string[]) =>
  readFileSync(join(...path), 'utf8')
    .split('\n')
    .filter(Boolean);
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

// A name without a group, so that only the option can find the twins.
beforeAll(() => makeData(data, { normal: 12, abnormal: 12 }));
afterAll(() => folder.remove());

describe('train --folds', () => {
  it('chooses by networks that did not see the image, goes on after Ctrl-C without training folds again, and says what it is', async () => {
    const { child, outcome } = start(train(run, '--group-by', '^abnormal/.*([01])[.]png'));
    await until(() => existsSync(join(run, 'fold-2', 'checkpoint')));
    child.kill('SIGINT');
    expect((await outcome).code).toBe(130);
    const first = statSync(join(run, 'fold-1', 'checkpoint')).mtimeMs;
    const early = await cyclops('evaluate', run, data);
    expect([early.code, early.stderr]).toEqual([1, expect.stringMatching(/folds are trained first.*--resume/)]);

    // As of a kill before the fold's first checkpoint.
    rmSync(join(run, 'fold-2'), { recursive: true, force: true });
    for (const name of [
      'data.json',
      'metrics.jsonl',
      '.write-test',
      '.data.json.4711.partial',
      'checkpoint.partial/G_A.safetensors',
    ])
      put(join(run, 'fold-2', name), '{}');
    put(join(run, '.fold-scores.json.0123456789ab.partial'), '{"folds"');

    const resumed = await cyclops('train', data, '--out', run, '--resume', '--no-tune');
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).not.toMatch(/fold 1 of 2/);
    expect(resumed.stderr).toMatch(/fold 2 of 2: .*all training images: /);
    expect(resumed.stdout).toMatch(
      /the training part by cross-calibration \(6 normal, \d+ abnormal images\).*same way/s,
    );
    expect(statSync(join(run, 'fold-1', 'checkpoint')).mtimeMs).toBe(first);

    const [one, two, all] = [1, 2]
      .map((k) => lines(run, `fold-${k}`, 'calibration.txt'))
      .concat([lines(run, 'train.txt')]);
    expect([...(one ?? []), ...(two ?? [])].sort()).toEqual(all?.toSorted());
    expect(lines(run, 'fold-1', 'train.txt').sort()).toEqual(two?.toSorted());
    const { images } = json(run, 'fold-scores.json');
    for (const { fold, scores, file, group } of images) {
      expect(fold === 1 ? one : two).toContain(file);
      expect(Number.isFinite(scores.sse)).toBe(true);
      if (group !== undefined)
        expect(images.filter((other: (typeof images)[0]) => other.group === group && other.fold !== fold)).toEqual([]);
    }
    const { merits } = json(run, 'fold-scores.json');
    expect(merits).toEqual([
      { masked: 0, aupro: {}, f1: {} },
      { masked: 0, aupro: {}, f1: {} },
    ]);
    const calibration = json(run, 'thresholds.json');
    const { heatmap } = calibration;
    const hottest = images.flatMap(({ heat }: (typeof images)[0]) => (heat ? [heat[heatmap.map].hottest] : []));
    expect(hottest).toHaveLength(6);
    expect(heatmap).toMatchObject({ threshold: Math.max(...hottest), images: 6, aupro: null });
    expect(calibration.baseline.auroc).toBeGreaterThanOrEqual(0.5);
    expect(calibration).toMatchObject({ chosenOn: 'folds', counts: { normal: 6 } });
    const smallest = Math.min(...images.filter(isAbnormal).map(sse));
    const below = Math.max(...images.map(sse).filter((score: number) => score < smallest));
    const value = Number.isFinite(below) ? below / 2 + smallest / 2 : smallest;
    expect(calibration.scores.sse.threshold).toEqual({ value, rule: 'zfn+0.1', chosenOn: 'folds' });

    // Everything that trained is known as such, and calibrating again needs no image.
    const evaluated = await cyclops('evaluate', run, data, '--no-tune');
    expect(evaluated.stderr).toMatch(/images that trained or calibrated the model are not judged/);
    expect(evaluated.stdout).toMatch(/at the threshold chosen on the training part by cross-calibration.*same way/s);
    rmSync(data, { recursive: true });
    const again = await cyclops('calibrate', run, '--rule', 'max-f1', '--json', '--quiet', '--no-tune');
    expect(JSON.parse(again.stdout)).toMatchObject({ rule: 'max-f1', chosenOn: 'folds', counts: calibration.counts });
    expect((await cyclops('calibrate', run, '--no-tune', '--map', 'dn')).stdout).toMatch(/^Heat maps show dn: /m);
    const { code, stderr } = await cyclops('calibrate', run, '--no-tune', '--map', 'gradient');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/gradient was not calibrated.*one of residual3, residual5/),
    ]);
    expect((await cyclops('calibrate', run, '--no-tune')).code).toBe(0);
    expect(json(run, 'thresholds.json')).toEqual(calibration);
    makeData(data, { normal: 12, abnormal: 12 });
  });

  it('gives the same bits uninterrupted', async () => {
    const out = folder.path('again');
    expect((await cyclops(...train(out, '--group-by', '^abnormal/.*([01])[.]png'))).code).toBe(0);
    for (const part of ['', 'fold-1', 'fold-2'])
      expect(checkpointBytes(join(out, part))).toEqual(checkpointBytes(join(run, part)));
    expect(json(out, 'fold-scores.json')).toEqual(json(run, 'fold-scores.json'));
    expect(json(out, 'thresholds.json')).toEqual(json(run, 'thresholds.json'));
    expect(readdirSync(out).sort()).toEqual(readdirSync(run).sort());
  });

  it('refuses folds that cannot be, and what does not belong to them', async () => {
    const out = folder.path('none');
    const refused: [string[], RegExp][] = [
      [['--folds', '1'], /--folds is 1; expected a whole number from 2 to 6, the number of abnormal objects/],
      [['--folds', '2.5'], /--folds is 2.5/],
      [['--folds', '7'], /--folds is 7.*from 2 to 6.*\(6 images\)/],
      [['--folds', '2', '--calibration-share', '0.2'], /Leave --calibration-share out/],
      [['--folds', '2', '--protocol', 'paper'], /--folds and --group-by out/],
    ];
    for (const [options, message] of refused) {
      const { code, stderr } = await cyclops('train', data, '--out', out, ...SMALL, ...options);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    }
    expect(existsSync(out)).toBe(false);
    expect((await cyclops(...train(run))).stderr).toMatch(/is not empty.*--resume/);
    for (const more of [[], ['--resume'], ['--folds', '2', '--shard', '1/2']]) {
      const { code, stderr } = await cyclops('train', data, '--out', join(run, 'fold-1'), ...SMALL, ...more);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/fold-1 is a fold of the run in .*trains it itself/)]);
    }
  });
});
