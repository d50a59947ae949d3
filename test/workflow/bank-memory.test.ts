import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { ScratchFile } from '../../src/data/files/scratch-file.ts';
import { train } from '../../src/workflow.ts';
import { cyclops, makeData, SMALL_CONFIG, temporaryFolder } from '../cli/support.ts';

vi.setConfig({ testTimeout: 240_000 });

const folder = temporaryFolder();
afterAll(() => folder.remove());

it('training images that a device shall not hold wait in a file, and give the same model', async () => {
  const data = makeData(folder.path('data'), { normal: 10, abnormal: 10 });
  const config = { ...SMALL_CONFIG, loadSize: 256, cropSize: 32, steps: 3, damage: 1, domainCrops: 1 };
  const append = vi.spyOn(ScratchFile.prototype, 'append');
  const models = [];
  for (const bankMemory of [undefined, 0]) {
    const out = folder.path(`run-${bankMemory}`);
    await train({ data, out, config, tune: false, bankMemory });
    models.push(readFileSync(join(out, 'model.safetensors')));
    expect(append.mock.calls.length > 0).toBe(bankMemory === 0);
    expect(readdirSync(out).filter((name) => name.startsWith('scratch'))).toEqual([]);
  }
  const [whole, spilt] = models.map((bytes) => bytes.subarray(8 + Number(bytes.readBigUInt64LE())));
  expect(spilt?.equals(whole ?? new Uint8Array())).toBe(true);
  append.mockRestore();
});

it('a memory that cannot be is refused in the words of the option', async () => {
  const { code, stderr } = await cyclops('train', 'data', '--out', folder.path('no'), '--bank-memory=-1');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/--bank-memory is -1; expected a number of MiB from 0 on/)]);
});
