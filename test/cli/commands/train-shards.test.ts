import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkpointBytes, cyclops, makeData, SMALL, start, temporaryFolder, until } from '../support.ts';

const folder = temporaryFolder();
const data = folder.path('data');

vi.setConfig({ testTimeout: 480_000, hookTimeout: 240_000 });

beforeAll(() => makeData(data, { normal: 6, abnormal: 6 }));
afterAll(() => folder.remove());

const train = (out: string, ...options: string[]) => [
  ...['train', data, '--out', out, ...SMALL, '--no-tune', ...options],
];
const bytes = (...path: string[]) => readFileSync(join(...path), 'utf8');

/** What the model file holds behind its header, which has the time. */
const weights = (run: string) => {
  const file = readFileSync(join(run, 'model.safetensors'));
  return file.subarray(8 + Number(file.readBigUInt64LE(0)));
};

describe('train --folds --shard', () => {
  it('makes a shard by one process at a time, and goes on where one was killed, saying so', async () => {
    const out = folder.path('twice');
    const args = train(out, '--folds', '2', '--steps', '600', '--shard', '2/3');
    const { child, outcome } = start(args);
    await until(() => existsSync(join(out, 'fold-2', 'checkpoint')));
    const second = await cyclops(...args);
    const hands = new RegExp(`The shard 2/3 of the job in .*twice is in the hands of process ${child.pid} on `);
    expect([second.code, second.stderr.replace(/\s+/g, ' ')]).toEqual([1, expect.stringMatching(hands)]);
    child.kill('SIGKILL');
    await outcome;
    const third = start(args);
    let said = '';
    third.child.stderr?.on('data', (text) => {
      said += text;
    });
    const told = (what: string) =>
      said.replace(/\s+/g, ' ').includes(`${what} was left locked by process ${child.pid},`);
    await until(() => told(`The run in ${join(out, 'fold-2')}`));
    expect(told(`The shard 2/3 of the job in ${out}`)).toBe(true);
    third.child.kill('SIGINT');
    expect((await third.outcome).code).toBe(130);
    const left = [...readdirSync(join(out, 'pieces')), ...readdirSync(join(out, 'fold-2'))];
    expect(left.filter((name) => name.includes('lock'))).toEqual([]);
  });

  it('makes the bits of one process, also where a shard is killed and submitted again', async () => {
    const folds = ['--folds', '2', '--steps', '8'];
    const [single, out] = [folder.path('single'), folder.path('shards')];
    expect((await cyclops(...train(single, ...folds))).code).toBe(0);

    // Three pieces: two folds and the networks of all.
    const { child, outcome } = start(train(out, ...folds, '--shard', '2/3'));
    await until(() => existsSync(join(out, 'fold-2', 'checkpoint')));
    child.kill('SIGKILL');
    await outcome;
    const [first, last] = await Promise.all(['1/3', '3/3'].map((k) => cyclops(...train(out, ...folds, '--shard', k))));
    expect([first?.code, last?.code]).toEqual([0, 0]);
    expect(first?.stderr).toMatch(/Shard 1\/3.*fold 1 of 2.*Made: fold-1\. When all shards are done: cyclops collect/);
    expect(last?.stderr).toMatch(/all training images.*Made: all\./);
    expect(existsSync(join(out, 'model.safetensors'))).toBe(false);

    const early = await cyclops('collect', out);
    expect([early.code, early.stderr]).toEqual([1, expect.stringMatching(/1 of 3 pieces .*fold-2\. .*--shard 2\/3/)]);
    expect((await cyclops(...train(out, ...folds, '--shard', '2/3'))).code).toBe(0);
    const again = await cyclops(...train(out, ...folds, '--shard', '1/3'));
    expect(again.stderr).toMatch(/Done before: fold-1\. When all/);
    expect(again.stderr).not.toMatch(/fold 1 of 2/);

    const collected = await cyclops('collect', out, '--no-tune');
    expect(collected.code).toBe(0);
    expect(collected.stdout).toMatch(/Trained: .*cross-calibration/s);
    for (const file of ['fold-scores.json', 'thresholds.json', 'data.json', 'train.txt', 'test.txt'])
      expect([file, bytes(out, file) === bytes(single, file)]).toEqual([file, true]);
    expect(weights(out)).toEqual(weights(single));
    for (const part of ['', 'fold-1', 'fold-2'])
      expect(checkpointBytes(join(out, part))).toEqual(checkpointBytes(join(single, part)));
    expect(readdirSync(out).sort()).toEqual([...readdirSync(single), 'job.json', 'pieces'].sort());
    // Collecting again changes nothing.
    expect((await cyclops('collect', out, '--no-tune')).code).toBe(0);
    expect(bytes(out, 'fold-scores.json')).toBe(bytes(single, 'fold-scores.json'));

    const other = await cyclops(...train(out, '--folds', '2', '--steps', '9', '--shard', '1/3'));
    expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/another --steps: 8, and here it is 9/)]);
  });

  it('does not go on with the run of another job that lies in the place of a fold', async () => {
    const [other, out] = [folder.path('other-rate'), folder.path('strange')];
    const folds = ['--folds', '2', '--steps', '2'];
    const shard = ['--shard', '2/3'];
    expect((await cyclops(...train(other, ...folds, '--lr', '0.02', ...shard))).code).toBe(0);
    expect((await cyclops(...train(out, ...folds, '--shard', '1/3'))).code).toBe(0);
    cpSync(join(other, 'fold-2'), join(out, 'fold-2'), { recursive: true });
    const { code, stderr } = await cyclops(...train(out, ...folds, ...shard));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/fold-2 holds a training with --lr 0\.02, and 0\.0002 is asked for/),
    ]);
  });

  it('refuses what it cannot divide', async () => {
    const out = folder.path('none');
    const refused: [string[], RegExp][] = [
      [['--shard', '1/2'], /--shard divides the trainings of --folds or of --protocol/],
      [['--shard', '1/2', '--folds', '2', '--resume'], /goes on by itself.*--resume/],
      [['--shard', '1/2', '--folds', '9'], /--folds is 9/],
    ];
    for (const [options, reason] of refused) {
      const { code, stderr } = await cyclops(...train(out, ...options));
      expect([code, stderr]).toEqual([2, expect.stringMatching(reason)]);
    }
    expect(existsSync(out)).toBe(false);
  });
});

describe('train --protocol paper --shard', () => {
  it('makes the protocol of one process', async () => {
    const options = ['--protocol', 'paper', '--runs', '2', '--steps', '3', '--seed', '5'];
    const [single, out] = [folder.path('protocol'), folder.path('protocol of shards')];
    const alone = await cyclops(...train(single, ...options));
    expect(alone.code).toBe(0);
    const shards = await Promise.all(['1/2', '2/2'].map((k) => cyclops(...train(out, ...options, '--shard', k))));
    expect(shards.map(({ code }) => code)).toEqual([0, 0]);
    const collected = await cyclops('collect', out);
    expect([collected.code, collected.stdout]).toEqual([0, alone.stdout]);
    expect(bytes(out, 'protocol.json')).toBe(bytes(single, 'protocol.json'));
    expect((await cyclops('collect', out, '--csv', 'x.csv')).code).toBe(2);
  });
});
