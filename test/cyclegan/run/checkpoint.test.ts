import {
  cpSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpointNetworks, openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import type { TrainingConfig } from '../../../src/cyclegan/config.ts';
import { NETWORK_NAMES } from '../../../src/cyclegan/network-names.ts';
import { openCheckpoint, readCheckpointHead } from '../../../src/cyclegan/run/checkpoint-head.ts';
import { createRun, inRun, openRun, runFolder, runWith } from '../../../src/cyclegan/run/run-folder.ts';
import { Trainer } from '../../../src/cyclegan/run/trainer.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/data/files/safetensors.ts';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { temporaryFolder, withoutChecksums } from '../../cli/support.ts';
import { expectRefusal, put } from '../../data/support.ts';
import { loadBanks, MANIFEST, QUICK, train, trainNew } from './trainer-support.ts';

const folder = temporaryFolder();
let device: Device;
let banks: Awaited<ReturnType<typeof loadBanks>>;
const good = folder.path('good');

beforeAll(async () => {
  device = await Device.open({ checked: true });
  banks = await loadBanks(device, folder.path('data'));
  await trainNew(device, banks, good, { ...QUICK, steps: 3 });
});

afterAll(() => {
  device.close();
  folder.remove();
});

/** A copy of the good run without checksums, as earlier versions wrote it, to be changed. */
function copy(name: string): ReturnType<typeof sealedCopy> {
  const made = sealedCopy(name);
  withoutChecksums(made.file('.'));
  return made;
}

/** A copy of the good run. */
function sealedCopy(name: string): { root: string; file: (name: string) => string } {
  const root = folder.path(name);
  cpSync(good, root, { recursive: true });
  return { root, file: (file) => join(root, 'checkpoint', file) };
}

const resume = (root: string, config: TrainingConfig = { ...QUICK, steps: 3 }) =>
  new Trainer(device, { config, banks, run: runFolder(root), manifest: MANIFEST, resume: true }).dispose();

describe('a checkpoint', () => {
  it('holds the weights under the names and shapes of the reference', () => {
    const read = (name: string) => decodeSafetensors(readFileSync(join(good, 'checkpoint', name)), name).tensors;
    const generator = read('G_A.safetensors');
    // One block: the reference numbers its layers 1, 4, 7, 10 (block), 11, 14, 18.
    expect(generator.get('model.1.weight')?.shape).toEqual([4, 3, 7, 7]);
    expect(generator.get('model.10.conv_block.5.weight')?.shape).toEqual([16, 16, 3, 3]);
    expect(generator.get('model.11.weight')?.shape).toEqual([16, 8, 3, 3]);
    expect(generator.get('model.18.bias')?.shape).toEqual([3]);
    expect(read('D_B.safetensors').get('model.11.weight')?.shape).toEqual([1, 32, 4, 4]);
    const moments = read('optimizer_D.safetensors');
    expect(moments.get('D_B.model.11.weight.exp_avg_sq')?.shape).toEqual([1, 32, 4, 4]);
    expect(read('pools.safetensors').get('fake_A')?.shape).toEqual([2, 28, 28, 3]);
  });

  it('says what made it and where it stands', () => {
    const { config, manifest, position, kernels } = readCheckpointHead(join(good, 'checkpoint'));
    expect(config).toEqual({ ...QUICK, steps: 3 });
    expect(manifest).toEqual(MANIFEST);
    expect(position).toMatchObject({ step: 3, stepsPerEpoch: 4 });
    expect(position.seconds).toBeGreaterThan(0);
    expect(Object.keys(kernels)).toContain('conv2d.forward 7×7 s1 p3 reflect [2,28,28,3]→[2,28,28,4] f32');
  });

  it('of a version that did not note its kernels is taken up all the same', () => {
    const { root } = copy('without kernels');
    rmSync(join(root, 'checkpoint', 'kernels.json'));
    expect(readCheckpointHead(join(root, 'checkpoint')).kernels).toEqual({});
    openRunNetworks(device, openRun(root)).dispose();
    resume(root);
  });

  it('keeps averaged weights beside the others, which do not notice, and scoring uses them', async () => {
    const root = folder.path('averaged');
    await trainNew(device, banks, root, { ...QUICK, steps: 3, ema: 0.9 });
    const read = (run: string, name: string) => readFileSync(join(run, 'checkpoint', `${name}.safetensors`));
    for (const name of ['G_A', 'G_B', 'D_A', 'D_B']) expect(read(root, name)).toEqual(read(good, name));

    const detector = openRunNetworks(device, openRun(root));
    for (const name of NETWORK_NAMES) {
      const stored = decodeSafetensors(read(root, `${name}_ema`), name).tensors;
      expect(read(root, `${name}_ema`)).not.toEqual(read(root, name));
      for (const [parameter, { data, shape }] of await detector.networks[name].stateDict()) {
        expect({ data, shape }).toEqual({ data: stored.get(parameter)?.data, shape: stored.get(parameter)?.shape });
      }
    }
    detector.dispose();
  });

  it('without the averages that its configuration names is refused', async () => {
    const root = folder.path('averages lost');
    await trainNew(device, banks, root, { ...QUICK, steps: 3, ema: 0.9 });
    rmSync(join(root, 'checkpoint', 'G_B_ema.safetensors'));
    expectRefusal(() => resume(root, { ...QUICK, steps: 3, ema: 0.9 }), 'G_B_ema.safetensors', 'no such file');
    expectRefusal(() => openRunNetworks(device, openRun(root)), 'G_B_ema.safetensors');
  });

  it('of a version that averaged generators alone scores with its discriminators as they are, and is not resumed', async () => {
    const root = folder.path('averages of generators');
    await trainNew(device, banks, root, { ...QUICK, steps: 3, ema: 0.9 });
    withoutChecksums(join(root, 'checkpoint'));
    for (const name of ['D_A', 'D_B']) rmSync(join(root, 'checkpoint', `${name}_ema.safetensors`));
    const detector = openRunNetworks(device, openRun(root));
    const { tensors } = decodeSafetensors(readFileSync(join(root, 'checkpoint', 'D_B.safetensors')), 'D_B');
    for (const [parameter, { data }] of await detector.networks.D_B.stateDict()) {
      expect(data).toEqual(tensors.get(parameter)?.data);
    }
    detector.dispose();
    expectRefusal(() => resume(root, { ...QUICK, steps: 3, ema: 0.9 }), 'generators alone', 'begin a new run');
  });

  it('of a version that knew no averages has none', () => {
    const { root, file } = copy('without ema');
    replace(file('config.json'), '  "ema": 0,\n', '');
    expect(readCheckpointHead(join(root, 'checkpoint')).config.ema).toBe(0);
    resume(root);
  });

  it('of a version that knew f32 alone is one of f32', () => {
    const { root, file } = copy('without precision');
    replace(file('config.json'), '  "precision": "f32",\n', '');
    expect(readCheckpointHead(join(root, 'checkpoint')).config.precision).toBe('f32');
    resume(root);
  });

  it('is found where a kill between the two renames left it', () => {
    const { root } = copy('between renames');
    cpSync(join(root, 'checkpoint'), join(root, 'checkpoint.old'), { recursive: true });
    rmSync(join(root, 'checkpoint'), { recursive: true });
    openRunNetworks(device, openRun(root)).dispose();
    resume(root);
  });
});

describe('refusals', () => {
  const damages: [string, (file: (name: string) => string) => void, string[]][] = [
    [
      'weights of another architecture',
      (file) => replace(file('config.json'), '"ngf": 4', '"ngf": 8'),
      ['G_A.safetensors', 'model.1.weight', '[4, 3, 7, 7]', '[8, 3, 7, 7]'],
    ],
    [
      'weights with another number of blocks',
      (file) => replace(file('config.json'), '"blocks": 1', '"blocks": 2'),
      ['G_A.safetensors', 'lacks', 'model.11.conv_block.1.weight'],
    ],
    ['truncated weights', (file) => truncateSync(file('D_B.safetensors'), 5000), ['D_B.safetensors', 'truncated']],
    ['empty weights', (file) => truncateSync(file('G_B.safetensors'), 0), ['G_B.safetensors', '0']],
    ['NaN in the weights', (file) => poison(file('G_B.safetensors')), ['G_B.safetensors', 'model.1.weight', 'NaN']],
    ['a missing file', (file) => rmSync(file('D_A.safetensors')), ['D_A.safetensors', 'no such file']],
    ['a truncated configuration', (file) => truncateSync(file('config.json'), 40), ['config.json', 'JSON']],
    [
      'an impossible configuration',
      (file) => replace(file('config.json'), '"cropSize": 28', '"cropSize": 26'),
      ['config.json', 'multiple of 4'],
    ],
    ['a damaged manifest', (file) => put(file('manifest.json'), '{"versions": 3}'), ['manifest.json', 'versions']],
    ['a damaged position', (file) => put(file('position.json'), '{"step": "one"}'), ['position.json', 'step']],
    [
      'fewer steps than none',
      (file) => replace(file('position.json'), '"step": 3', '"step": -3'),
      ['position.json', 'step is -3; expected a whole number from 0 up'],
    ],
    [
      'a step beyond the last',
      (file) => replace(file('position.json'), '"step": 3', '"step": 4'),
      ['position.json', '4 steps are done, of a training that has 3'],
    ],
    [
      'no time',
      (file) => replace(file('position.json'), '"seconds": ', '"seconds": 1e999, "s": '),
      ['seconds is Infinity'],
    ],
    [
      'kernels that are no names',
      (file) => put(file('kernels.json'), '{"conv2d.forward": 3}'),
      ['kernels.json', "['conv2d.forward'] is 3; expected a text"],
    ],
  ];

  it.each(damages)('%s', (name, damage, texts) => {
    const { root, file } = copy(name);
    damage(file);
    expectRefusal(() => openRunNetworks(device, openRun(root)), ...texts);
  });

  const resumeDamages: [string, (file: (name: string) => string) => void, string[]][] = [
    [
      'truncated moments',
      (file) => truncateSync(file('optimizer_G.safetensors'), 9000),
      ['optimizer_G.safetensors', 'truncated'],
    ],
    [
      'moments of another architecture',
      (file) => cpSync(file('optimizer_G.safetensors'), file('optimizer_D.safetensors')),
      ['optimizer_D.safetensors', 'D_A.model.0.weight.exp_avg'],
    ],
    ['missing pools', (file) => rmSync(file('pools.safetensors')), ['pools.safetensors', 'no such file']],
  ];

  it.each<[string, string | null, string]>([
    ['a missing', null, 'no such file'],
    ['a damaged', '{"scale": 0, "goodSteps": 3}', 'scale'],
  ])('to resume in mixed precision with %s loss scaler', async (name, content, text) => {
    const config = { ...QUICK, precision: 'mixed', steps: 1 } as const;
    const root = folder.path(`${name} scaler`);
    await trainNew(device, banks, root, config);
    withoutChecksums(join(root, 'checkpoint'));
    const path = join(root, 'checkpoint', 'loss_scaler.json');
    if (content === null) rmSync(path);
    else put(path, content);
    expectRefusal(() => resume(root, { ...config, steps: 2 }), 'loss_scaler.json', text);
  });

  it.each(resumeDamages)('to resume from %s', (name, damage, texts) => {
    const { root, file } = copy(name);
    damage(file);
    expectRefusal(() => resume(root), ...texts);
  });

  const changes: [string, string, (path: string) => void][] = [
    ['a step', 'position.json', (path) => replace(path, '"step": 3', '"step": 2')],
    ['a learning rate', 'config.json', (path) => replace(path, '"lr": 0.0002', '"lr": 0.0003')],
    ['who made it', 'manifest.json', (path) => replace(path, '"device": "test"', '"device": "best"')],
    ['a kernel', 'kernels.json', (path) => replace(path, '"conv2d.', '"conv3d.')],
    ['the other generator', 'G_B.safetensors', (path) => cpSync(join(path, '..', 'G_A.safetensors'), path)],
  ];

  it.each(changes)('by the checksum of a file: %s', (name, changed, change) => {
    const { root, file } = sealedCopy(`sealed ${name}`);
    openRunNetworks(device, openRun(root)).dispose();
    change(file(changed));
    const told = [`${changed} does not have the checksum`, 'edited by hand', 'Restore the whole folder'];
    expectRefusal(() => openRunNetworks(device, openRun(root)), ...told);
    expectRefusal(() => resume(root), ...told);
  });

  it('by the checksum of a file that training alone reads', () => {
    const { root, file } = sealedCopy('sealed pools');
    put(file('pools.safetensors'), encodeSafetensors(new Map()));
    openRunNetworks(device, openRun(root)).dispose();
    expectRefusal(() => resume(root), 'pools.safetensors does not have the checksum');
  });

  it('for a file that was there when its checksum was taken', () => {
    const { root, file } = sealedCopy('sealed kernels');
    rmSync(file('kernels.json'));
    expectRefusal(() => openRunNetworks(device, openRun(root)), 'kernels.json', 'no such file');
  });

  it.each([
    ['with', sealedCopy],
    ['without', copy],
  ])('of a checkpoint that another has replaced, %s checksums', async (name, copyAs) => {
    const { root } = copyAs(`replaced ${name}`);
    const checkpoint = openCheckpoint(runFolder(root).checkpoint);
    openCheckpointNetworks(device, checkpoint).dispose();
    const config = { ...QUICK, steps: 4 };
    await train(new Trainer(device, { config, banks, run: runFolder(root), manifest: MANIFEST, resume: true }));
    if (name === 'without') withoutChecksums(runFolder(root).checkpoint);
    const told = ['was replaced by another', 'a training goes on in this run', 'Wait', 'model.safetensors'];
    expectRefusal(() => openCheckpointNetworks(device, checkpoint), ...told);
    expect(openCheckpoint(runFolder(root).checkpoint).head.position.step).toBe(4);
  });

  it('leave nothing behind on the device', () => {
    const { root, file } = copy('leaks');
    poison(file('D_B.safetensors'));
    const before = device.pool.use.liveBytes;
    expect(() => openRunNetworks(device, openRun(root))).toThrow(CyclopsError);
    expect(device.pool.use.liveBytes).toBe(before);
  });
});

describe('run folders', () => {
  it('are new or empty, but for what a run wrote that never came to a checkpoint', () => {
    const run = createRun(folder.path('deep', 'new'));
    put(run.data, '{}');
    put(run.metrics, '');
    // Half-written, by this version and by those before; and a checkpoint of which nothing is complete.
    for (const name of ['.data.json.0123456789ab.partial', '.data.json.4711.partial', '.write-test'])
      put(join(run.root, name));
    put(join(run.root, 'checkpoint.partial', 'G_A.safetensors'), 'half');
    createRun(run.root);
    put(join(run.root, 'thesis.tex'), 'precious');
    expectRefusal(() => createRun(run.root), run.root, 'not empty', 'choose another');
    expectRefusal(() => createRun(good, true), '--resume');
    expect(() => createRun(good)).toThrow(/a new or empty folder; choose another/);
  });

  it('are cleared of what killed writers left as soon as one process has them alone', async () => {
    const run = createRun(folder.path('left'));
    put(join(run.checkpoint, 'config.json'), 'new');
    put(join(`${run.checkpoint}.old`, 'config.json'), 'old');
    for (const name of [
      'checkpoint.partial/a',
      '.thresholds.json.0123456789ab.partial',
      'samples/.step-000003.png.99.partial',
    ])
      put(join(run.root, name));
    // Shards write this without the lock.
    put(join(run.root, '.fold-scores.json.0123456789ab.partial'));
    put(join(run.root, 'notes.partial'));
    await inRun(run, undefined, async () => {
      expect(readdirSync(run.root).sort()).toEqual([
        ...['.fold-scores.json.0123456789ab.partial', 'checkpoint', 'notes.partial', 'samples', 'training.lock'],
      ]);
      expect(readdirSync(run.samples)).toEqual([]);
    });
    expect(readFileSync(join(run.checkpoint, 'config.json'), 'utf8')).toBe('new');
  });

  it('know their own files from those that were put beside them', () => {
    const { root, model, checkpoint } = runFolder(good);
    symlinkSync(root, folder.path('by-another-name'));
    expect(runWith(join(checkpoint, 'G_A.safetensors'))).toBe(realpathSync(root));
    expect(runWith(join(folder.path('by-another-name'), 'data.json'))).toBe(realpathSync(root));
    expect(runWith(model)).toBe(realpathSync(root));
    expect([runWith(join(root, 'report.html')), runWith(folder.path('data.json'))]).toEqual([null, null]);
  });

  it('that ended before a checkpoint cannot be resumed, and say to begin anew', () => {
    const { root, data } = createRun(folder.path('early'));
    put(data, '{}');
    expectRefusal(() => openRun(root), root, 'before its first checkpoint', 'without --resume');
  });

  it('need a checkpoint to be opened', () => {
    expectRefusal(() => openRun(folder.path('nowhere')), 'nowhere', 'no such folder');
    expectRefusal(() => openRun(folder.path('data')), 'no checkpoint');
  });
});

function replace(path: string, text: string, by: string): void {
  const before = readFileSync(path, 'utf8');
  expect(before).toContain(text);
  writeFileSync(path, before.replace(text, by));
}

function poison(path: string): void {
  const { tensors } = decodeSafetensors(readFileSync(path), path);
  const first = [...tensors.values()][0];
  if (first?.data instanceof Float32Array) first.data[7] = Number.NaN;
  writeFileSync(path, encodeSafetensors(tensors));
}
