import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { conv2d } from '../../../src/autograd/conv2d.ts';
import { listenOnTerminal } from '../../../src/cli/listener.ts';
import { withDevice } from '../../../src/cli/options.ts';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { convForward } from '../../../src/kernels/conv2d/forward.ts';
import { choose } from '../../../src/kernels/tuning/choices.ts';
import { convProblem } from '../../../src/kernels/tuning/odd-problems.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { tuneKernels } from '../../../src/workflow/common/tuning.ts';
import { cyclops, makeData, SMALL, temporaryFolder } from '../../cli/support.ts';

vi.setConfig({ testTimeout: 240_000 });

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** What the user's cache folder is for a test. */
let cache: string;
let tests = 0;
beforeEach(() => {
  cache = folder.path(`cache-${tests++}`);
  // Mesa keeps compiled shaders where it did, or every command would begin with seconds of compiling.
  const before = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  vi.stubEnv('MESA_SHADER_CACHE_DIR', process.env.MESA_SHADER_CACHE_DIR ?? before);
  vi.stubEnv('XDG_CACHE_HOME', cache);
  vi.stubEnv('CYCLOPS_TUNE', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const kept = () => existsSync(join(cache, 'cyclops'));
const cacheFiles = () => readdirSync(join(cache, 'cyclops'));

/** Tunes one convolution on a device of its own. @returns what was said */
async function tuneOnce({ tune, quiet = false }: { tune: boolean; quiet?: boolean }): Promise<string> {
  const device = await Device.open();
  const layer = () =>
    scope(() => {
      conv2d(Tensor.empty(device, [1, 9, 9, 8]), Tensor.empty(device, [3, 3, 8, 8]), null);
    });
  let said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  try {
    await tuneKernels(device, { ...listenOnTerminal(quiet).listener, tune }, layer);
  } finally {
    device.close();
  }
  return said;
}

describe('tuning', () => {
  it('says what it does, and does it once for a device', async () => {
    const said = await tuneOnce({ tune: true });
    expect(said).toMatch(/^Measuring which kernels are fastest here.*--no-tune/);
    expect(said).toMatch(/kernels 1\/1 measured in \d+ s; [01] run on another kernel than by default\n$/);
    expect(cacheFiles()).toHaveLength(1);
    expect(await tuneOnce({ tune: true })).toBe('');
  });

  it('begins anew when the file is damaged', async () => {
    await tuneOnce({ tune: true });
    const [name = ''] = cacheFiles();
    const path = join(cache, 'cyclops', name);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, 100));
    expect(await tuneOnce({ tune: true })).toMatch(/kernels 1\/1 measured/);
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')).choices)).toEqual(Object.keys(JSON.parse(text).choices));
  });

  it('is silent when quiet', async () => {
    expect(await tuneOnce({ tune: true, quiet: true })).toBe('');
    expect(cacheFiles()).toHaveLength(1);
  });

  it('does nothing without leave', async () => {
    expect(await tuneOnce({ tune: false })).toBe('');
    vi.stubEnv('CYCLOPS_TUNE', 'off');
    expect(await tuneOnce({ tune: true })).toBe('');
    expect(kept()).toBe(false);
  });

  it('says so when the outcome cannot be kept', async () => {
    writeFileSync(cache, 'a file where a folder is needed');
    expect(await tuneOnce({ tune: true })).toMatch(/is not kept for next time: cannot make the folder/);
  });
});

describe('commands', () => {
  let data: string;
  beforeAll(() => {
    data = makeData(folder.path('data'), { normal: 4, abnormal: 4 });
  });

  it('train measures what it and the scores need; later commands know it', async () => {
    const run = folder.path('tuned');
    const image = join(data, 'normal', '0.png');
    const train = await cyclops('train', data, '--out', run, ...SMALL, '--steps', '2');
    expect(train.stderr).toMatch(/kernels (\d\d)\/\1 measured in .*training 2\/2/);
    expect(train.code).toBe(0);
    for (const args of [
      ['score', run, image],
      ['evaluate', run, data],
      ['translate', run, '--to', 'normal', '--out', folder.path(), image],
    ]) {
      const { code, stderr } = await cyclops(...args);
      expect(stderr).not.toMatch(/Measur/);
      expect(code).toBe(0);
    }
  });

  it('train --no-tune measures nothing', async () => {
    const { code, stderr } = await cyclops(
      ...['train', data, '--out', folder.path('plain'), ...SMALL, '--steps', '1', '--no-tune'],
    );
    expect(stderr).not.toMatch(/Measur/);
    expect(kept()).toBe(false);
    expect(code).toBe(0);
  });
});

describe('forcing', () => {
  const chosen = (variant: string[]) =>
    withDevice(
      { variant },
      async (device) => choose(device, convForward, convProblem([1, 9, 9, 8], 8, [3, 1, 1])).name,
    );

  it('by --variant wins over CYCLOPS_VARIANT', async () => {
    vi.stubEnv('CYCLOPS_VARIANT', 'conv2d.forward=thin_input');
    expect(await chosen([])).toBe('thin_input');
    expect(await chosen(['conv2d.forward=naive'])).toBe('naive');
  });

  it('by a wrong CYCLOPS_VARIANT ends a command before its work', async () => {
    vi.stubEnv('CYCLOPS_VARIANT', 'dance=naive');
    await expect(chosen([])).rejects.toThrow(CyclopsError);
  });
});
