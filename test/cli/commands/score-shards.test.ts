import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { cyclops, makeData, SMALL, start, temporaryFolder, until } from '../support.ts';

const folder = temporaryFolder();
const model = folder.path('run', 'model.safetensors');
const images = folder.path('data');
const single = folder.path('single.csv');

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(async () => {
  makeData(images, { normal: 8, abnormal: 6 });
  const trained = await cyclops('train', images, '--out', folder.path('run'), ...SMALL, '--steps', '3', '--quiet');
  expect(trained.code).toBe(0);
  writeFileSync(join(images, 'abnormal', 'broken.png'), 'no image');
  const { code } = await cyclops('score', model, images, '--csv', single, '--heatmaps', folder.path('heat'), '--quiet');
  expect(code).toBe(1);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => folder.remove());

const shard = (out: string, number: string, ...options: string[]) =>
  cyclops('score', model, images, '--out', out, '--shard', number, ...options);
const inArray = (id: number, count: number) => {
  vi.stubEnv('SLURM_ARRAY_TASK_ID', `${id}`);
  vi.stubEnv('SLURM_ARRAY_TASK_MAX', `${count}`);
  vi.stubEnv('SLURM_ARRAY_TASK_COUNT', `${count}`);
};
const pictures = (root: string) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .sort()
    .map((name) => [name, readFileSync(join(root, name)).toString('base64')]);

describe('score --out', () => {
  it('leaves shares that collect makes one table of: that of one process, to the byte, with its exit code', async () => {
    const out = folder.path('out');
    const heat = folder.path('heat of shards');
    // In another order than theirs, two of them at once.
    const [third, first] = await Promise.all(['3/3', '1/3'].map((number) => shard(out, number, '--heatmaps', heat)));
    expect([third?.code, first?.code]).toEqual([0, 0]);
    expect(first?.stderr).toMatch(/Shard 1\/3, as --shard says\. It scores 5 of 15 images\./);

    const early = await cyclops('collect', out);
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(/1 of 3 pieces are not there: shard-2\. .*--shard 2\/3; of an array the indices 2\./);
    expect(existsSync(join(out, 'scores.csv'))).toBe(false);

    inArray(2, 3);
    const second = await cyclops('score', model, images, '--out', out, '--heatmaps', heat, '--quiet');
    vi.unstubAllEnvs();
    expect(second.stderr).toMatch(/Shard 2\/3: its number by SLURM_ARRAY_TASK_ID=2, of 3 as .*out was begun with\./);
    expect((await shard(out, '2/3', '--heatmaps', heat)).stderr).toMatch(/done already: nothing is scored again/);

    const collected = await cyclops('collect', out);
    expect(collected.code).toBe(1);
    expect(collected.stderr).toMatch(/broken\.png is not an image.*1 of 15 files could not be read/);
    expect(readFileSync(join(out, 'scores.csv'))).toEqual(readFileSync(single));
    expect(pictures(heat)).toEqual(pictures(folder.path('heat')));

    const elsewhere = folder.path('elsewhere.csv');
    expect((await cyclops('collect', out, '--csv', elsewhere, '--skip-broken')).code).toBe(0);
    expect(readFileSync(elsewhere)).toEqual(readFileSync(single));
    const over = await cyclops('collect', out, '--csv', model);
    expect([over.code, over.stderr]).toEqual([
      2,
      expect.stringMatching(/would overwrite a file (that is there|of the run)/),
    ]);
  });

  it('lets shards with nothing readable end as done, and collect says what could not be read beside what is flagged', async () => {
    const [few, out] = [folder.path('few broken'), folder.path('shares of broken')];
    cpSync(join(images, 'normal', '0.png'), join(few, '0.png'));
    writeFileSync(join(few, 'scan.psd'), '8BPS');
    const judge = (number: string) =>
      cyclops('score', model, few, '--out', out, '--shard', number, '--threshold', '-1e9');
    const both = [await judge('1/2'), await judge('2/2')];
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[1]?.stderr).toMatch(/unreadable: .*scan\.psd(?!.*could not be read)/);
    expect((await judge('2/2')).code).toBe(0);
    const collected = await cyclops('collect', out, '--fail-on-anomaly');
    expect(collected.code).toBe(1);
    expect(collected.stderr).toMatch(
      /unreadable: .*scan\.psd.*1 of 2 images flagged\. .*1 of 2 files could not be read/,
    );
    expect((await cyclops('collect', out, '--fail-on-anomaly', '--skip-broken')).code).toBe(3);
  });

  it('leaves no piece where it is killed, and collect takes away what is left of it', async () => {
    const out = folder.path('killed');
    const { child, outcome } = start(['score', model, images, '--out', out, '--shard', '1/1']);
    const pieces = () => (existsSync(join(out, 'pieces')) ? readdirSync(join(out, 'pieces')) : []);
    await until(() => pieces().length > 0);
    child.kill('SIGKILL');
    await outcome;
    expect(pieces()).toEqual([expect.stringMatching(/^\.shard-1\.piece\..*\.partial$/)]);
    expect((await cyclops('collect', out)).code).toBe(1);
    await shard(out, '1/1');
    await cyclops('collect', out);
    expect(pieces()).toEqual(['shard-1.piece']);
    expect(readFileSync(join(out, 'scores.csv'))).toEqual(readFileSync(single));
  });

  it('takes more shards than images, and everything in one outside of an array', async () => {
    const few = folder.path('few');
    cpSync(join(images, 'normal', '0.png'), join(few, '0.png'));
    const out = folder.path('many');
    const [with1, without] = await Promise.all(
      ['1/2', '2/2'].map((number) => cyclops('score', model, few, '--out', out, '--shard', number)),
    );
    expect(`${with1?.stderr}${without?.stderr}`).toMatch(/0 of 1 images.*1 of 1 images|1 of 1 images.*0 of 1 images/s);
    expect((await cyclops('collect', out)).stdout).toMatch(/of 1 images flagged/);
    const alone = await cyclops('score', model, few, '--out', folder.path('alone'));
    expect(alone.stderr).toMatch(/Nothing is divided.*1 of 1 images/);
    await cyclops('collect', folder.path('alone'));
    expect(readFileSync(folder.path('alone', 'scores.csv'))).toEqual(readFileSync(join(out, 'scores.csv')));
  });

  it('refuses a job that is not the same, and leaves alone whoever did not ask to be divided', async () => {
    const out = folder.path('begun');
    expect((await shard(out, '1/2')).code).toBe(0);
    const refused: [string[], RegExp][] = [
      [['--shard', '1/4'], /begun with 2 shards, and here there are 4/],
      [['--shard', '2/2', '--threshold', '7'], /another --threshold: .*here it is 7/],
      [['--shard', '2/2', '--no-tune'], /another --no-tune: false, and here it is true/],
    ];
    for (const [options, reason] of refused) {
      const { code, stderr } = await cyclops('score', model, images, '--out', out, ...options);
      expect([code, stderr]).toEqual([1, expect.stringMatching(reason)]);
    }
    cpSync(join(images, 'normal', '0.png'), join(images, 'normal', 'new.png'));
    expect((await shard(out, '2/2')).stderr).toMatch(/another number of images: 15, and here it is 16/);
    rmSync(join(images, 'normal', 'new.png'));

    const wrong: [string[], RegExp][] = [
      [['--shard', '3/2', '--out', out], /from 1\/16 to 16\/16/],
      [['--shard', '1/2'], /--out says where it is left/],
      [['--shard', '1/2', '--out', out, '--csv', 'x.csv'], /--csv is for collect/],
      [['--shard', '1/2', '--out', out, '--fail-on-anomaly'], /--fail-on-anomaly is for collect/],
      [['--shard', 'array/2', '--out', out], /in none that it knows/],
    ];
    for (const [options, reason] of wrong) {
      const { code, stderr } = await cyclops('score', model, images, ...options);
      expect([code, stderr]).toEqual([2, expect.stringMatching(reason)]);
    }
    inArray(1, 2);
    const whole = await cyclops('score', model, images, '--csv', folder.path('whole.csv'), '--skip-broken');
    expect([whole.code, whole.stderr]).toEqual([0, expect.not.stringMatching(/Shard/)]);
    expect(readFileSync(folder.path('whole.csv'))).toEqual(readFileSync(single));
  });
});
