import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cyclops, makeData, SMALL, temporaryFolder } from '../support.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryFolder();
const [data, run, torch] = [folder.path('data'), folder.path('run'), folder.path('torch')];

beforeAll(async () => {
  makeData(data, { normal: 6, abnormal: 6 });
  expect((await cyclops('train', data, '--out', run, ...SMALL, '--steps', '2', '--quiet', '--no-tune')).code).toBe(0);
});
afterAll(() => folder.remove());

it('export writes, import says what it found, what it assumes, what is lacking and what comes next', async () => {
  const exported = await cyclops('export', run, '--torch', torch);
  expect(exported.code).toBe(0);
  expect(exported.stdout.trimEnd().split('\n')).toEqual(
    ['G_A', 'G_B', 'D_A', 'D_B'].map((name) => folder.path('torch', `latest_net_${name}.pth`)),
  );
  const out = folder.path('imported');
  const files = ['--generator', folder.path('torch', 'latest_net_G_A.pth')];
  const judge = ['--discriminator-normal', folder.path('torch', 'latest_net_D_A.pth')];
  const { code, stdout } = await cyclops('import', ...files, ...judge, '--out', out, '--load-size', '32');
  expect(code).toBe(0);
  const text = stdout.replaceAll('\n', ' ');
  expect(text).toContain('From the shapes: channels 3, blocks 1, ngf 4, ndf 4, layers of the discriminators 3.');
  expect(text).toMatch(/Assumed: images are resized to 32 px a side \(--load-size\)/);
  expect(text).toMatch(/Not given: G_B, the generator from normal to abnormal .* Not given: D_B/);
  expect(text).toMatch(/cannot be made: cycle, da_dn, da_dn_max, ratio/);
  expect(text).toContain(`cyclops calibrate ${out} --data DATA`);
  expect(await cyclops('calibrate', out, '--data', data, '--no-tune', '--quiet')).toMatchObject({ code: 0 });
  expect(readdirSync(out)).toContain('model.safetensors');
});

it('wrong use is told, and leaves nothing behind', async () => {
  const nothing = await cyclops('export', run);
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('--safetensors FOLDER') });
  const out = folder.path('never');
  const file = folder.path('torch', 'latest_net_G_A.pth');
  const small = await cyclops('import', '--generator', file, '--out', out, '--load-size', '7');
  expect(small).toMatchObject({ code: 2, stderr: expect.stringContaining('--load-size is 7') });
  const picture = folder.path('data', 'normal', '0.png');
  const other = await cyclops('import', '--generator', picture, '--out', out);
  expect(other.code).toBe(1);
  expect(other.stderr.replaceAll('\n', ' ')).toContain('0.png is not a complete .pth file of PyTorch');
  const both = await cyclops('train', data, '--out', out, '--from', run, '--folds', '2', '--shard', '1/2');
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--from') });
  expect(existsSync(out)).toBe(false);
});
