import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it, vi } from 'vitest';
import { chooseThresholds } from '../../src/anomaly/calibration/thresholds.ts';
import { summarise } from '../../src/anomaly/evaluation/evaluation.ts';
import type { ScoredImage } from '../../src/anomaly/scores/scored-image.ts';
import { paperText } from '../../src/cli/text/paper-protocol.ts';
import type { Progress } from '../../src/workflow/common/listener.ts';
import { figuresOf, paperProtocol, summarisePaper } from '../../src/workflow/paper-protocol.ts';
import { cyclops, makeData, SMALL, SMALL_CONFIG, temporaryFolder } from '../cli/support.ts';
import { expectRejection } from '../data/support.ts';

const folder = temporaryFolder();

vi.setConfig({ testTimeout: 240_000 });

afterAll(() => folder.remove());

it('gives mean and standard deviation over runs, and calls what hindsight chose an oracle', () => {
  const infos = [{ name: 'sse', label: 'squared error', formula: '', paper: true }];
  const images = (...scores: number[]): ScoredImage[] =>
    scores.map((sse, i) => ({ file: `${i}`, label: i < 2 ? 'normal' : 'abnormal', scores: { sse } }));
  const evaluations = [images(1, 2, 3, 4), images(1, 3, 2, 4)].map((scored) =>
    summarise(scored, infos, chooseThresholds(scored, infos, { rule: 'zfn', chosenOn: 'train', dataHash: null })),
  );
  const figures = summarisePaper(evaluations.map((evaluation, i) => figuresOf(5 + i, evaluation)));
  const sd = Math.sqrt(2) * 0.125;
  expect(figures.scores.sse).toEqual({
    paper: true,
    accuracy: { mean: 0.875, sd, values: [1, 0.75], oracle: true },
    accZfn: { mean: 0.875, sd, values: [1, 0.75], oracle: true },
    auroc: { mean: 0.875, sd, values: [1, 0.75], oracle: false },
  });
  expect(paperText(figures)).toMatch(/seeds 5, 6: 2 normal and 2 abnormal.*mean ± standard deviation/);
  expect(paperText(figures)).toMatch(/^sse +0\.875 ± 0\.177 .*the paper's$/m);
  expect(paperText(figures)).toContain('ACC*');
});

it('goes on where it was stopped, by the same command, and makes nothing twice', async () => {
  const data = makeData(folder.path('data'), { normal: 6, abnormal: 4 });
  const config = { ...SMALL_CONFIG, steps: 2 };
  const options = { data, out: folder.path('stopped'), runs: 2, tune: false, config };
  const signal = { aborted: false };
  const onProgress = (progress: Progress) => {
    if (progress.stage === 'run' && progress.number === 2) signal.aborted = true;
  };
  expect(await paperProtocol({ ...options, signal, onProgress })).toBeNull();
  const begun = folder.path('stopped', 'seed-0', 'checkpoint', 'manifest.json');
  const before = readFileSync(begun, 'utf8');
  expect(await paperProtocol(options)).toMatchObject({ seeds: [0, 1] });
  expect(readFileSync(begun, 'utf8')).toBe(before);
  await expectRejection(() => paperProtocol({ ...options, runs: 3 }), '--runs');
});

it('trains a run for each seed on splits of its own, and refuses what does not belong to it', async () => {
  const data = makeData(folder.path('data'), { normal: 6, abnormal: 4 });
  // Masks may steer nothing here, so none is read.
  mkdirSync(folder.path('data', 'masks'));
  for (const name of readdirSync(folder.path('data', 'abnormal')))
    writeFileSync(folder.path('data', 'masks', name), '');
  const out = folder.path('runs');
  const options = ['train', data, '--out', out, ...SMALL, '--steps', '2', '--protocol', 'paper'];
  const { code, stdout } = await cyclops(...options, '--runs', '2', '--seed', '3', '--quiet');
  expect(code).toBe(0);
  expect(stdout).toMatch(/seeds 3, 4: 2 normal and 2 abnormal test images/);
  const figures = JSON.parse(readFileSync(folder.path('runs', 'protocol.json'), 'utf8'));
  expect(figures).toMatchObject({ protocol: 'paper', seeds: [3, 4], scores: { sse: { accZfn: { oracle: true } } } });
  const test = (seed: number) => readFileSync(folder.path('runs', `seed-${seed}`, 'test.txt'), 'utf8');
  expect(test(3).trimEnd().split('\n')).toHaveLength(4);
  expect(test(3)).not.toBe(test(4));

  for (const extra of [['--resume'], ['--calibration-share', '0.2'], ['--runs', '0']]) {
    expect((await cyclops(...options, ...extra)).code).toBe(2);
  }
  expect((await cyclops('train', data, '--out', out, '--runs', '2')).stderr).toMatch(/--runs .*--protocol paper/);
});
