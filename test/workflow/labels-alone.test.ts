import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { checkpointBytes, cyclops, makeData, SMALL, temporaryFolder } from '../cli/support.ts';

const folder = temporaryFolder();
const data = folder.path('data');

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(() => makeData(data, { normal: 6, abnormal: 6 }));
afterAll(() => folder.remove());

const unwrapped = (text: string) => text.replace(/\s+/g, ' ');

it('options of a segmenter that is not there are named, and defects that nothing looks at', async () => {
  const options = [...SMALL, '--steps', '1', '--judge-crops', '--defects-by-size', '--damage', '1', '--no-tune'];
  const trained = await cyclops('train', data, '--out', folder.path('patches'), ...options);
  expect(trained.code, trained.stderr).toBe(0);
  expect(unwrapped(trained.stderr)).toContain('--defects-by-size and --judge-crops do nothing without a segmenter');
  expect(unwrapped(trained.stderr)).toContain('--damage does nothing here');
});

it('a segmenter learns from labels alone, says so, and gives the same bits when it is trained again', async () => {
  const options = [...SMALL, '--netD', 'unet', '--domain-crops', '2', '--steps', '4', '--no-tune'];
  const [first, again] = [folder.path('first'), folder.path('again')];
  const trained = await cyclops('train', data, '--out', first, ...options);
  expect(trained.code, trained.stderr).toBe(0);
  expect(unwrapped(trained.stderr)).toMatch(
    /(\d+) of \1 abnormal images have no mask: of them --netD unet learns only/,
  );
  expect((await cyclops('train', data, '--out', again, ...options)).code).toBe(0);
  expect(checkpointBytes(again)).toEqual(checkpointBytes(first));
});
