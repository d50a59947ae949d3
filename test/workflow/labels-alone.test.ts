import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cyclops, makeData, SMALL, temporaryFolder } from '../cli/support.ts';

const folder = temporaryFolder();
const data = folder.path('data');

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(() => makeData(data, { normal: 6, abnormal: 6 }));
afterAll(() => folder.remove());

const unwrapped = (text: string) => text.replace(/\s+/g, ' ');

/** Trains a segmenter on images without masks: what it says, and its first discriminator loss. */
async function train(lambdaImage: string) {
  const run = folder.path(`run-${lambdaImage}`);
  const options = ['--netD', 'unet', '--domain-crops', '2', '--steps', '3', '--no-tune', '--lambda-image', lambdaImage];
  const { code, stderr } = await cyclops('train', data, '--out', run, ...SMALL, ...options);
  expect(code, stderr).toBe(0);
  const [first = ''] = readFileSync(join(run, 'metrics.jsonl'), 'utf8').split('\n');
  return { said: unwrapped(stderr), loss: JSON.parse(first).D_A as number };
}

it('a segmenter learns from labels alone where it is told to, and says what it cannot learn', async () => {
  const [without, withIt] = [await train('0'), await train('1')];
  expect(without.said).toMatch(
    /of \d+ abnormal images have no mask: --netD unet learns nothing from them\. Give --lambda-image/,
  );
  expect(withIt.said).toMatch(
    /have no mask: of them --netD unet learns only that their least normal pixels are a defect/,
  );
  expect(withIt.loss).toBeGreaterThan(without.loss + 0.1);
});
