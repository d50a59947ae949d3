import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { PROGRAM } from '../cli/program.ts';
import { cyclops, makeData, SMALL, start, temporaryFolder, until } from '../cli/support.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples', 'cluster');
const COMMAND = `${process.execPath} ${PROGRAM.join(' ')}`;

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryFolder();
const model = folder.path('model.safetensors');
const images = folder.path('images');
const single = folder.path('single.csv');

beforeAll(async () => {
  const data = makeData(folder.path('data'), { normal: 8, abnormal: 6 });
  const trained = await cyclops('train', data, '--out', folder.path('run'), ...SMALL, '--steps', '3', '--quiet');
  expect(trained.code).toBe(0);
  cpSync(folder.path('run', 'model.safetensors'), model);
  mkdirSync(images);
  for (let copy = 0; copy < 20; copy++) cpSync(data, join(images, `${copy}`), { recursive: true });
  expect((await cyclops('score', model, images, '--csv', single, '--quiet')).code).toBe(0);
});
afterAll(() => folder.remove());

describe('the manifest for Kubernetes', () => {
  const manifest = parse(readFileSync(join(EXAMPLES, 'score.yaml'), 'utf8'));
  const { completions, template } = manifest.spec;
  const [container] = template.spec.containers;

  /** Starts a pod as Kubernetes would, with the volume in a folder of ours. */
  const startPod = (index: number) => {
    const [npx, program, ...words] = [...container.command, ...container.args];
    expect([npx, program]).toEqual(['npx', 'cyclops']);
    const mount = container.volumeMounts[0].mountPath;
    const args = words.map((word: string) => word.replace(new RegExp(`^${mount}(?=/)`), folder.path()));
    return start(args, undefined, { JOB_COMPLETION_INDEX: `${index}` });
  };

  it('is a job as the schema of Kubernetes has it', () => {
    expect(() => new Job(manifest).validate()).not.toThrow();
    expect(() => new Job({ ...manifest, spec: { ...manifest.spec, completions: '16' } }).validate()).toThrow();
  });

  it('runs pods, one of them killed and started again, that give the table of one machine, to the byte', async () => {
    const killed = startPod(0);
    await until(() => existsSync(folder.path('out', 'pieces')));
    killed.child.kill('SIGKILL');
    expect((await killed.outcome).signal).toBe('SIGKILL');
    const waiting = [...Array(completions).keys()];
    const worker = async () => {
      for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
        const { code, stderr } = await startPod(index).outcome;
        expect([code, stderr]).toEqual([0, expect.stringMatching(`Shard ${index + 1}/${completions}`)]);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    expect((await cyclops('collect', folder.path('out'))).code).toBe(0);
    expect(readFileSync(folder.path('out', 'scores.csv'))).toEqual(readFileSync(single));
  });
});

const WITHOUT = process.env.SLURM_CONF
  ? ''
  : ' (SKIPPED: no Slurm runs here; `npm run slurm -- npx vitest run test/examples/cluster.test.ts` starts one)';

describe.skipIf(WITHOUT)(`on a real Slurm${WITHOUT}`, () => {
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

  it('an array whose second job is killed and submitted again gives the table of one machine, to the byte', async () => {
    const out = folder.path('out of an array');
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
