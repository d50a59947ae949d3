import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PROGRAM } from '../cli/program.ts';
import { cyclops, makeData, SMALL, temporaryFolder, until } from '../cli/support.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples', 'cluster');
const COMMAND = `${process.execPath} ${PROGRAM.join(' ')}`;

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

it('the manifest for Kubernetes has as many pods as shards', () => {
  const manifest = readFileSync(join(EXAMPLES, 'score.yaml'), 'utf8');
  const completions = /^ {2}completions: (\d+)$/m.exec(manifest)?.[1];
  expect(completions).toBeDefined();
  expect(/array\/(\d+)/.exec(manifest)?.[1]).toBe(completions);
});

const WITHOUT = process.env.SLURM_CONF
  ? ''
  : ' (SKIPPED: no Slurm runs here; `npm run slurm -- npx vitest run test/examples/cluster.test.ts` starts one)';

describe.skipIf(WITHOUT)(`on a real Slurm${WITHOUT}`, () => {
  const folder = temporaryFolder();
  const model = folder.path('run', 'model.safetensors');
  const images = folder.path('images');
  const single = folder.path('single.csv');

  /** Submits a script of the examples. @returns the number of the job */
  const submit = (script: string, out: string, ...options: string[]): string => {
    const { stdout, stderr, status } = spawnSync(
      'sbatch',
      [
        '--parsable',
        // There is no GPU here.
        '--gres=none',
        `--chdir=${ROOT}`,
        `--output=${folder.path('%x-%A-%a.txt')}`,
        ...options,
        join(EXAMPLES, script),
        model,
        images,
        out,
      ],
      { encoding: 'utf8', env: { ...process.env, CYCLOPS: COMMAND } },
    );
    expect([status, stderr]).toEqual([0, '']);
    return stdout.trim();
  };
  const isQueued = (job: string) =>
    spawnSync('squeue', ['--noheader', '--jobs', job], { encoding: 'utf8' }).stdout.trim() !== '';
  const ended = (job: string) => until(() => !isQueued(job));
  const output = (job: string, index: number) => readFileSync(folder.path(`cyclops-score-${job}-${index}.txt`), 'utf8');
  const pieces = (out: string) => (existsSync(join(out, 'pieces')) ? readdirSync(join(out, 'pieces')) : []);

  beforeAll(async () => {
    const data = makeData(folder.path('data'), { normal: 8, abnormal: 6 });
    const trained = await cyclops('train', data, '--out', folder.path('run'), ...SMALL, '--steps', '3', '--quiet');
    expect(trained.code).toBe(0);
    mkdirSync(images);
    for (let copy = 0; copy < 20; copy++) cpSync(data, join(images, `${copy}`), { recursive: true });
    expect((await cyclops('score', model, images, '--csv', single, '--quiet')).code).toBe(0);
  });
  afterAll(() => folder.remove());

  it('an array whose second job is killed and submitted again gives the table of one machine, to the byte', async () => {
    const out = folder.path('out');
    const job = submit('score.sbatch', out, '--array=1-3');
    await until(() => pieces(out).some((name) => name.startsWith('.shard-2.')));
    expect(spawnSync('scancel', ['--full', '--signal=KILL', `${job}_2`]).status).toBe(0);
    await ended(job);
    expect(output(job, 1)).toMatch(/Shard 1\/3: its number by SLURM_ARRAY_TASK_ID=1/);
    const early = await cyclops('collect', out);
    expect([early.code, early.stderr]).toEqual([1, expect.stringMatching(/1 of 3 pieces are not there: shard-2\./)]);

    const again = submit('score.sbatch', out, '--array=2');
    await ended(again);
    expect(output(again, 2).replaceAll('\n', ' ')).toMatch(
      /Shard 2\/3: its number by SLURM_ARRAY_TASK_ID=2, of 3 as .* was begun with/,
    );
    expect((await cyclops('collect', out)).code).toBe(0);
    expect(readFileSync(join(out, 'scores.csv'))).toEqual(readFileSync(single));
    expect(pieces(out).sort()).toEqual(['shard-1.piece', 'shard-2.piece', 'shard-3.piece']);
  });

  it('a node with a shard for each of its GPUs does too', async () => {
    const out = folder.path('out of nodes');
    await ended(submit('score-nodes.sbatch', out, '--array=1-1', '--export=ALL,JOBS=1,GRES=none'));
    expect((await cyclops('collect', out)).code).toBe(0);
    expect(pieces(out)).toHaveLength(4);
    expect(readFileSync(join(out, 'scores.csv'))).toEqual(readFileSync(single));
  });
});
