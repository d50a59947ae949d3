import { expect, it, vi } from 'vitest';
import { run } from '../../../src/cli/program.ts';
import { DeviceLostError } from '../../../src/gpu/errors.ts';
import type { Scoring } from '../../../src/workflow/score.ts';

const fileOf = (name: string) => ({ file: name, path: `/in/${name}` });

/** Judges two of six images, one of which cannot be read. */
vi.mock('../../../src/workflow/score.ts', async (original) => ({
  ...(await original<object>()),
  score: (): Scoring => ({
    decision: { by: 'sse', threshold: 2, scores: ['sse'], heatmap: null },
    range: 'full',
    files: ['a', 'b', 'c', 'd', 'e', 'f'].map(fileOf),
    async *[Symbol.asyncIterator]() {
      yield { ...fileOf('a'), status: 'passed', score: 1, scores: { sse: 1 }, pictures: null } as const;
      yield { ...fileOf('b'), status: 'unreadable', reason: '/in/b is not an image.' } as const;
      throw new DeviceLostError('The device was lost.');
    },
  }),
}));

it('says what it leaves where the device is lost for good', async () => {
  let told = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += text;
    return true;
  });
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await run(['score', 'model', 'images'])).toBe(1);
  expect(print.mock.calls.map(([text]) => text)).toEqual(['a\t1\t2\tpassed\n', 'b\t\t\tunreadable\n']);
  expect(told).toBe(
    'unreadable: /in/b is not an image.\n' +
      '4 of 6 images were not judged.\n' +
      'cyclops: The device was lost. Run the same command again.\n',
  );
  vi.restoreAllMocks();
});
