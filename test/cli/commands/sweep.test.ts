import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { put } from '../../data/support.ts';
import { cyclops, makeData, start, temporaryFolder, until } from '../support.ts';

const folder = temporaryFolder();

vi.setConfig({ testTimeout: 480_000 });

const small = {
  ...{ preset: 'tiny', blocks: 1, ngf: 4, ndf: 4, 'load-size': 32, 'crop-size': 28, 'pool-size': 2 },
  ...{ steps: 2, 'checkpoint-interval': 1, 'sample-interval': 0 },
};
const file = folder.path('sweep.json');

beforeAll(() => {
  makeData(folder.path('pits'), { normal: 8, abnormal: 6 });
  put(
    file,
    JSON.stringify({ sets: { pits: 'pits' }, options: { plain: small, ema: { ...small, ema: 0.5 } }, seeds: [4, 5] }),
  );
});
afterAll(() => folder.remove());

it('gives the table of one process where it is divided, and where a shard is killed and submitted again', async () => {
  const [single, out] = [folder.path('single'), folder.path('shards')];
  const alone = await cyclops('sweep', file, '--out', single);
  expect([alone.code, alone.stdout]).toEqual([
    0,
    expect.stringMatching(/^4 trainings, 2 seeds.*^ema +pits .*± .* of 6 /ms),
  ]);

  const sweep = (shard: string) => ['sweep', file, '--out', out, '--shard', shard];
  const { child, outcome } = start(sweep('1/2'));
  await until(() => existsSync(join(out, 'plain.pits.4', 'checkpoint')));
  child.kill('SIGKILL');
  await outcome;
  expect((await cyclops(...sweep('2/2'))).stderr).toMatch(
    /Made: ema\.pits\.4, ema\.pits\.5\. When all .*cyclops collect/,
  );
  const early = await cyclops('collect', out);
  expect([early.code, early.stderr]).toEqual([
    1,
    expect.stringMatching(/plain\.pits\.4, plain\.pits\.5\. .*--shard 1\/2/),
  ]);
  expect((await cyclops(...sweep('1/2'))).code).toBe(0);
  const collected = await cyclops('collect', out);
  expect([collected.code, collected.stdout]).toEqual([0, alone.stdout]);
  for (const name of ['sweep.csv', 'sweep.json'])
    expect(readFileSync(join(out, name), 'utf8')).toBe(readFileSync(join(single, name), 'utf8'));
  // Everything is there: nothing is trained again.
  expect((await cyclops('sweep', file, '--out', single)).stdout).toBe(alone.stdout);
  expect((await cyclops('sweep', file, '--out', out, '--shard', '1/3')).stderr).toMatch(
    /begun with 2 shards, and here there are 3/,
  );
});

it('does not go on with a run that lies in the place of another', async () => {
  const out = folder.path('strange');
  expect((await cyclops('sweep', file, '--out', out, '--shard', '4/4')).code).toBe(0);
  cpSync(join(folder.path('single'), 'plain.pits.4'), join(out, 'plain.pits.5'), { recursive: true });
  const { code, stderr } = await cyclops('sweep', file, '--out', out, '--shard', '2/4');
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/plain\.pits\.5 holds a training with --seed 4, and 5 is asked/),
  ]);
});

it('trains the others where one cannot be trained, and says which', async () => {
  makeData(folder.path('torn'), { normal: 8, abnormal: 6 });
  put(folder.path('torn', 'normal', '0.png'), 'no image');
  const sets = { torn: 'torn', pits: 'pits' };
  const file = put(folder.path('torn-sweep.json'), JSON.stringify({ sets, options: { plain: small }, seeds: [4] }));
  const out = folder.path('torn-sweep');
  const { code, stderr } = await cyclops('sweep', file, '--out', out);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/1 of 2 trainings failed, the others are done\. plain\.torn\.4: .*0\.png/),
  ]);
  expect((await cyclops('collect', out)).stderr).toMatch(/1 of 2 pieces are not there: plain\.torn\.4\./);
});
