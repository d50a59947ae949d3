import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../src/data/files/safetensors.ts';
import { encodePng } from '../../src/data/images/png.ts';
import { assemble, header } from '../data/images/make-png.ts';
import { cyclops, makeData, type Outcome, SMALL, start, temporaryFolder, withoutChecksums } from './support.ts';

const folder = temporaryFolder();
const run = folder.path('run');
const data = folder.path('data');

// Each test waits for processes that share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(async () => {
  makeData(data, { normal: 4, abnormal: 4 });
  const { code } = await cyclops('train', data, '--out', run, ...SMALL, '--steps', '3', '--quiet');
  expect(code).toBe(0);
});

afterAll(() => folder.remove());

/** One honest paragraph on standard error, code 1, and nothing on standard output. */
function expectRefused({ code, stdout, stderr }: Outcome, ...texts: (string | RegExp)[]): void {
  for (const text of texts) expect(stderr).toMatch(text);
  expect(stderr.split('cyclops: ')).toHaveLength(2);
  expect(stderr).not.toMatch(/fault of the program| at \S+:\d+:\d+/);
  expect(stdout).toBe('');
  expect(code).toBe(1);
}

/** A copy of the data set with one file more or changed. */
function dataWith(name: string, file: string, content: string | Uint8Array): string {
  const root = folder.path(name);
  cpSync(data, root, { recursive: true });
  writeFileSync(join(root, file), content);
  return root;
}

/** A PNG that announces 60000 × 60000 pixels and holds none. */
const hugeHeader = () =>
  assemble([
    { type: 'IHDR', content: header(60000, 60000, 8, 2, 0) },
    { type: 'IDAT', content: new Uint8Array(0) },
    { type: 'IEND', content: new Uint8Array(0) },
  ]);

const train = (root: string, out: string, ...options: string[]) =>
  cyclops('train', root, '--out', out, ...SMALL, '--steps', '2', ...options);

describe('images', () => {
  it('broken ones are all named and refused, in training and evaluation', async () => {
    const whole = readFileSync(join(data, 'abnormal', '0.png'));
    const root = dataWith('broken', 'abnormal/0.png', whole.subarray(0, 600));
    writeFileSync(join(root, 'abnormal', '1.png'), '');
    writeFileSync(join(root, 'abnormal', '2.png'), 'Dear diary');
    writeFileSync(join(root, 'abnormal', '3.png'), hugeHeader());
    const list = ['normal/0.png', ...[0, 1, 2, 3].map((i) => `abnormal/${i}.png`)].join('\n');
    const reasons = [
      /4 of 5 images cannot be used.*--skip-broken/,
      /abnormal\/0\.png.*ends after 600 bytes/,
      /abnormal\/1\.png.*0 bytes/,
      /abnormal\/2\.png.*begins as no image does/,
      /abnormal\/3\.png.*60000 × 60000/,
    ];
    writeFileSync(join(root, 'train.txt'), list);
    const out = folder.path('run broken');
    expectRefused(await train(root, out, '--calibration-share', '0'), ...reasons);
    expect(readdirSync(out)).toEqual([]);

    rmSync(join(root, 'train.txt'));
    writeFileSync(join(root, 'test.txt'), list);
    expectRefused(await cyclops('evaluate', run, root, '--json'), ...reasons);
  });

  it('a broken one is left out with --skip-broken, and counted', async () => {
    const root = dataWith('skipped', 'abnormal/3.png', 'Dear diary');
    writeFileSync(join(root, 'train.txt'), 'normal/0.png\nnormal/1.png\nabnormal/0.png\nabnormal/1.png\n');
    const csv = folder.path('skipped.csv');
    // A table of an earlier version, which this one may write over.
    writeFileSync(csv, 'file,label,type,sse,decided_by,threshold,flag\r\n');
    const args = ['evaluate', run, root, '--json', '--skip-broken', '--csv', csv];
    const { code, stdout, stderr } = await cyclops(...args);
    expect(code).toBe(0);
    expect(readFileSync(csv, 'utf8')).toMatch(/^abnormal\/3\.png,abnormal,,[^\n]*,unreadable,[^\n]*no image does/m);
    expect((await cyclops(...args, '--quiet')).code).toBe(0);
    const { counts, skipped } = JSON.parse(stdout);
    expect(counts).toMatchObject({ normal: 2, abnormal: 1, skipped: 1 });
    const reason = expect.stringContaining('begins as no image does');
    expect(skipped).toEqual([{ file: 'abnormal/3.png', label: 'abnormal', reason }]);
    expect(stderr).toMatch(/left out: .*abnormal\/3.png/);
  });

  it('of a foreign format, behind a link to nothing and of a name that is no text are broken ones too; other files are counted', async () => {
    const root = dataWith('foreign', 'abnormal/scan.psd', '8BPS');
    symlinkSync('nowhere.png', join(root, 'normal', 'dangling.png'));
    writeFileSync(Buffer.concat([Buffer.from(join(root, 'normal', 'caf')), Buffer.of(0xe9), Buffer.from('.png')]), '');
    writeFileSync(join(root, 'normal', 'bad\nname.txt'), '');
    mkdirSync(join(root, '.trash'));
    writeFileSync(join(root, '.trash', '0.png'), '');
    const reasons = [/abnormal\/scan\.psd is not an image/, /dangling\.png.*not there/, /caf\uFFFD\.png.*not UTF-8/];
    const passed = /passed over: 1 file that is no image \(normal\/bad\\nname\.txt\); 1 hidden .*\(\.trash\)/;
    writeFileSync(join(root, 'test.txt'), 'normal/0.png\nabnormal/0.png\n');
    expectRefused(await train(root, folder.path('run foreign'), '--calibration-share', '0'), passed, ...reasons);
    rmSync(join(root, 'test.txt'));
    writeFileSync(join(root, 'train.txt'), 'normal/0.png\nabnormal/0.png\n');
    expectRefused(await cyclops('evaluate', run, root, '--json'), passed, ...reasons);
    const { code, stdout } = await cyclops('evaluate', run, root, '--json', '--skip-broken');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).counts).toMatchObject({ normal: 3, abnormal: 3, skipped: 3 });
  });

  it('a mask that is broken is named and refused, and left out with --skip-broken; masks decide about crops', async () => {
    const root = folder.path('masks');
    cpSync(data, root, { recursive: true });
    mkdirSync(join(root, 'masks'));
    const mask = new Uint8Array(32 * 32);
    mask[0] = 255;
    for (const i of [0, 1, 2, 3]) writeFileSync(join(root, 'masks', `${i}.png`), encodePng(32, 32, 1, mask));
    const weights = (out: string) => {
      const path = join(out, 'model.safetensors');
      return [...decodeSafetensors(readFileSync(path), path).tensors.values()].map(({ data }) => data);
    };
    const steered = folder.path('run masks');
    const anywhere = folder.path('run masks anywhere');
    expect((await train(root, steered, '--quiet')).code).toBe(0);
    expect((await train(root, anywhere, '--quiet', '--no-crop-defects')).code).toBe(0);
    expect(weights(steered)).not.toEqual(weights(anywhere));

    for (const i of [0, 1, 2, 3]) writeFileSync(join(root, 'masks', `${i}.png`), 'Dear diary');
    const refused = folder.path('run of broken masks');
    expectRefused(
      await train(root, refused),
      /\d of \d+ images cannot be used/,
      /masks\/\d\.png.*begins as no image does/,
    );
    const { code, stderr } = await train(root, refused, '--skip-broken');
    expect(stderr).toMatch(/left out: .*masks\/\d\.png/);
    expect(code).toBe(0);
  });

  it('a 1 × 1 image is resized like any other', async () => {
    const root = dataWith('pixel', 'normal/3.png', encodePng(1, 1, 1, Uint8Array.of(200)));
    expect(await train(root, folder.path('run pixel'), '--quiet')).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await cyclops('score', run, join(root, 'normal', '3.png'));
    expect(stdout).toMatch(/normal\/3\.png\t[-\d.e]+\t[-\d.e]+\t(flagged|passed)\n/);
    expect(code).toBe(0);
  });
});

describe('data folders', () => {
  it('an empty class', async () => {
    const root = folder.path('empty class');
    makeData(root, { normal: 3, abnormal: 0 });
    expectRefused(await train(root, folder.path('never')), /no abnormal image/, 'empty class');
    expect(existsSync(folder.path('never'))).toBe(false);
  });

  it('one image of a class', async () => {
    const root = folder.path('one image');
    makeData(root, { normal: 3, abnormal: 1 });
    expectRefused(await train(root, folder.path('never')), /at least 2 normal and 2 abnormal.* 3 and 1/);
  });

  it('no such folder, and a folder of another kind', async () => {
    expectRefused(await train(folder.path('nowhere'), folder.path('never')), /nowhere.*no such file/);
    expectRefused(await train(run, folder.path('never')), /known layout/);
  });
});

describe('outputs', () => {
  it('a run folder below a file', async () => {
    writeFileSync(folder.path('a file'), '');
    expectRefused(await train(data, folder.path('a file', 'run')), /cannot write.*a file\/run/);
  });

  it('a folder without the right to write', async () => {
    const closed = folder.path('closed');
    mkdirSync(closed, { mode: 0o555 });
    // Nothing is forbidden to root, so it runs this as nobody, who may see the folder all the same.
    const root = process.getuid?.() === 0;
    if (root) chmodSync(folder.path(), 0o755);
    const args = ['train', data, '--out', join(closed, 'run'), ...SMALL];
    expectRefused(await start(args, root ? 65534 : undefined).outcome, /cannot write.*closed\/run.*denied/);
  });

  it('a report in a folder that is not there leaves nothing', async () => {
    const target = folder.path('missing', 'report.html');
    expectRefused(await cyclops('evaluate', run, data, '--report', target), /cannot write .*missing\/report.html/);
    expect(existsSync(folder.path('missing'))).toBe(false);
  });

  it('a full disk: the error names the file, the last checkpoint stays, and training continues once there is room', async (context) => {
    const disk = folder.path('disk');
    mkdirSync(disk);
    try {
      // Room for one checkpoint of about 500 KiB, but not for the second beside it.
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=800k', 'tmpfs', disk], { stdio: 'pipe' });
    } catch {
      context.skip('mounting a small tmpfs needs root');
    }
    try {
      const out = join(disk, 'run');
      const full = await train(data, out);
      expectRefused(full, /no space is left/, 'disk/run');
      expect(readdirSync(out).filter((name) => name.includes('partial') || name.includes('.old'))).toEqual([]);
      expect(JSON.parse(readFileSync(join(out, 'checkpoint', 'position.json'), 'utf8')).step).toBe(0);

      execFileSync('mount', ['-o', 'remount,size=4m', disk]);
      const more = await cyclops('train', data, '--out', out, '--resume', '--quiet');
      expect(more).toMatchObject({ code: 0, stderr: '' });
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('runs', () => {
  const copy = (name: string) => {
    const root = folder.path(name);
    cpSync(run, root, { recursive: true });
    return { root, file: (file: string) => join(root, 'checkpoint', file) };
  };

  it('a checkpoint of another architecture', async () => {
    const { root, file } = copy('architecture');
    withoutChecksums(join(root, 'checkpoint'));
    writeFileSync(file('config.json'), readFileSync(file('config.json'), 'utf8').replace('"ngf": 4', '"ngf": 6'));
    expectRefused(await cyclops('evaluate', root, data, '--json'), 'G_A.safetensors', /\[4, 3, 7, 7\].*\[6, 3, 7, 7\]/);
  });

  it('a truncated checkpoint', async () => {
    const { root, file } = copy('truncated');
    truncateSync(file('D_A.safetensors'), 10000);
    const changed = /does not have the checksum .* edited by hand/;
    expectRefused(await cyclops('evaluate', root, data), 'D_A.safetensors', changed);
    truncateSync(join(root, 'model.safetensors'), 10000);
    expectRefused(await cyclops('score', root, join(data, 'normal', '0.png')), 'model.safetensors', /truncated/);
    expectRefused(await cyclops('train', data, '--out', root, '--resume'), 'D_A.safetensors', changed);
  });

  it('NaN in the weights', async () => {
    const { root, file } = copy('nan');
    withoutChecksums(join(root, 'checkpoint'));
    const { tensors } = decodeSafetensors(readFileSync(file('G_A.safetensors')), 'G_A');
    for (const { data: values } of tensors.values()) values[0] = Number.NaN;
    writeFileSync(file('G_A.safetensors'), encodeSafetensors(tensors));
    const out = folder.path('translated');
    const image = join(data, 'abnormal', '0.png');
    expectRefused(await cyclops('translate', root, '--to', 'normal', '--out', out, image), 'G_A.safetensors', /NaN/);
    expect(readdirSync(out)).toEqual([]);
  });

  it('damaged thresholds, and a folder that is no run', async () => {
    const { root } = copy('thresholds');
    writeFileSync(join(root, 'thresholds.json'), '{"chosen": "sse"}');
    expectRefused(await cyclops('evaluate', root, data), /thresholds\.json does not hold/);
    rmSync(join(root, 'checkpoint'), { recursive: true });
    expectRefused(await cyclops('evaluate', root, data), /not a training run.*no checkpoint/);
  });

  it.runIf(process.getuid?.() === 0)('one that may not be looked into is told as such', async () => {
    const { root } = copy('closed');
    chmodSync(folder.path(), 0o755);
    for (const closed of [join(root, 'checkpoint'), root]) {
      chmodSync(closed, 0o700);
      const { outcome } = start(['evaluate', root, data], 65534);
      expectRefused(await outcome, /cannot (read|look into the run) .*closed.*denied/);
    }
  });
});
