import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LOSS_NAMES } from '../../src/cyclegan.ts';
import { makeData, temporaryFolder } from '../cli/support.ts';

/** What an example prints. */
function run(example: string, ...args: string[]): string {
  return execFileSync(process.execPath, ['--import', 'tsx', `examples/${example}.ts`, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

test('the example of the README learns the Sobel filter', () => {
  const learned = run('edge').trim().split(/\s+/).map(Number);
  const sobel = [1, 0, -1, 2, 0, -2, 1, 0, -1];
  expect(learned).toHaveLength(9);
  sobel.forEach((value, i) => {
    expect(Math.abs(value - learned[i]!)).toBeLessThan(0.05);
  });
});

test('the example of a Cycle-GAN trains six steps', () => {
  const steps = run('cyclegan').trim().split('\n');
  expect(steps).toHaveLength(6);
  const losses = steps.map((step) =>
    [...step.matchAll(/(\w+_[AB]) ([\d.]+)/g)].map(([, name, loss]) => [name, Number(loss)]),
  );
  for (const step of losses) {
    expect(step.map(([name]) => name)).toEqual([...LOSS_NAMES]);
    expect(step.every(([, loss]) => Number(loss) > 0)).toBe(true);
  }
  // Each step sees other noise and other weights.
  expect(new Set(steps).size).toBe(6);
});

test('the examples of workflows and of the detector train on images, and judge them alike', () => {
  const folder = temporaryFolder();
  try {
    const data = makeData(folder.path('data'), { normal: 8, abnormal: 6 });
    const trained = run('workflow', data, folder.path('run')).trim().split('\n');
    const scores = trained.flatMap((line) => /^\d\.png: (\w+), (-?[\d.]+)$/.exec(line)?.slice(1, 3).join(', ') ?? []);
    expect(scores).toHaveLength(6);
    expect(trained).toContainEqual(expect.stringMatching(/^AUROC on images never seen: [01]\.\d{3}$/));

    const images = [0, 1, 2, 3, 4, 5].map((i) => folder.path('data', 'abnormal', `${i}.png`));
    const judged = run('detector', folder.path('run', 'model.safetensors'), ...images)
      .trim()
      .split('\n');
    expect(judged.filter((line) => /^(flagged|passed), /.test(line))).toEqual(scores);
    expect(judged.filter((line) => /^most abnormal by \w+ at column \d+, row \d+$/.test(line))).toHaveLength(6);
  } finally {
    folder.remove();
  }
});

test('the README shows that example, with the name of the package', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(
    readFileSync('examples/edge.ts', 'utf8').trim().replace("'../src/index.ts'", "'cyclops-vision'"),
  );
});
