import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { encodePng } from '../../../src/data/images/png.ts';
import { NewImages } from '../../../src/workflow/images/new-images.ts';
import { until } from '../../cli/support.ts';
import { expectRejection, put, useTemporaryFolder } from '../../data/support.ts';

vi.setConfig({ testTimeout: 240_000 });
const path = useTemporaryFolder();
const png = encodePng(2, 1, 1, Uint8Array.of(3, 250));

/** Watches a folder, and notes names with the time at which they were given. */
function watch(folder: string) {
  const controller = new AbortController();
  const given: { file: string; at: number }[] = [];
  const warnings: string[] = [];
  const images = new NewImages(folder, { signal: controller.signal, onWarning: (line) => void warnings.push(line) });
  const done = (async () => {
    for await (const refs of images) given.push(...refs.map(({ file }) => ({ file, at: performance.now() })));
  })();
  const stop = () => {
    controller.abort();
    return done;
  };
  return { images, given, warnings, stop };
}

it('gives each image once it is whole, and not what lies there already', async () => {
  put(path('in', 'old.png'), png);
  const { given, warnings, stop } = watch(path('in'));
  await until(() => warnings.length > 0);
  const began = performance.now();
  put(path('in', 'quick.png'), png);
  put(path('in', 'below', 'deep.png'), png);
  put(path('in', 'notes.txt'), 'no image');
  put(path('in', '.hidden.png'), png);
  writeFileSync(path('in', 'slow.png'), png.subarray(0, 20));
  // In small parts, so that even on a busy machine none is a second in coming, after which the file would count as whole.
  for (let part = 20; part < png.length; part += 2) {
    await sleep(100);
    appendFileSync(path('in', 'slow.png'), png.subarray(part, part + 2));
  }
  const written = performance.now();
  await until(() => given.length >= 3);
  expect(given.map(({ file }) => file).sort()).toEqual(['below/deep.png', 'quick.png', 'slow.png']);
  expect(given.find(({ file }) => file === 'slow.png')?.at).toBeGreaterThan(written);
  expect((given[0]?.at ?? 0) - began).toBeGreaterThan(1000);
  expect(warnings[0]).toMatch(/already, 1 image, is not scored/);
  await stop();
});

it('gives links to nowhere and in a circle, and names that are no UTF-8, as what cannot be read, and goes on', async () => {
  put(path('in', 'old.png'), png);
  const { given, warnings, stop } = watch(path('in'));
  await until(() => warnings.length > 0);
  symlinkSync('loop.png', path('in', 'loop.png'));
  symlinkSync('nowhere', path('in', 'dead.png'));
  writeFileSync(Buffer.concat([Buffer.from(path('in', 'caf')), Buffer.of(0xe9), Buffer.from('.png')]), png);
  put(path('in', 'good.png'), png);
  await until(() => given.length >= 4);
  expect(given.map(({ file }) => file).sort()).toEqual(['caf\uFFFD.png', 'dead.png', 'good.png', 'loop.png']);
  await stop();
});

it('takes back what cannot be read, and gives it when it is whole, or at last when nothing changes of it', async () => {
  put(path('in', 'old.png'), png);
  const { images, given, warnings, stop } = watch(path('in'));
  await until(() => warnings.length > 0);
  const began = performance.now();
  for (const name of ['slow.png', 'broken.png']) put(path('in', name), png.subarray(0, 20));
  await until(() => given.length >= 2);
  const early = performance.now() - began;
  const takeBack = (name: string) => images.takeBack(path('in', name));
  expect(['slow.png', 'broken.png', 'slow.png', 'absent.png'].map(takeBack)).toEqual([true, true, true, false]);
  expect(images.waiting()).toBe(2);
  put(path('in', 'slow.png'), png);
  const written = performance.now();
  await until(() => given.length >= 3);
  expect(given[2]?.file).toBe('slow.png');
  expect((given[2]?.at ?? 0) - written).toBeGreaterThan(1000);
  await until(() => given.length >= 4);
  expect(given[3]?.file).toBe('broken.png');
  // Since it was seen for the first time, which was before it was given.
  expect((given[3]?.at ?? 0) - began).toBeGreaterThan(Math.max(early, 10_000));
  expect(takeBack('broken.png')).toBe(false);
  expect(images.waiting()).toBe(0);
  await stop();
});

it('gives a file again that is written anew, also one that lay there, and one that comes under the name of another', async () => {
  put(path('in', 'old.png'), png);
  const { given, warnings, stop } = watch(path('in'));
  await until(() => warnings.length > 0);
  writeFileSync(path('in', 'old.png'), encodePng(2, 1, 1, Uint8Array.of(1, 2)));
  await until(() => given.length >= 1);
  rmSync(path('in', 'old.png'));
  await sleep(600);
  writeFileSync(path('elsewhere.png'), png);
  renameSync(path('elsewhere.png'), path('in', 'old.png'));
  await until(() => given.length >= 2);
  // Neither is given once more.
  await sleep(1500);
  expect(given.map(({ file }) => file)).toEqual(['old.png', 'old.png']);
  await stop();
});

it('waits for a folder that is away for a while, and refuses one that was never there', async () => {
  mkdirSync(path('in'));
  const { given, warnings, stop } = watch(path('in'));
  await sleep(600);
  renameSync(path('in'), path('away'));
  await until(() => warnings.length > 0);
  renameSync(path('away'), path('in'));
  put(path('in', 'a.png'), png);
  await until(() => given.length >= 1);
  expect(given.map(({ file }) => file)).toEqual(['a.png']);
  expect(warnings).toEqual([expect.stringMatching(/no such file or folder.*Waiting/s)]);
  await stop();
  await expectRejection(() => new NewImages(path('absent'), {})[Symbol.asyncIterator]().next(), 'absent');
});

it('tells once of what it passes over, and not of what is there for a moment', async () => {
  put(path('elsewhere', 'a.png'), png);
  put(path('in', 'notes.txt'), '');
  const { given, warnings, stop } = watch(path('in'));
  await until(() => warnings.length > 0);
  symlinkSync(path('elsewhere', 'a.png'), path('in', 'link.png'));
  put(path('in', 'slow.png.part'), png);
  await sleep(2000);
  renameSync(path('in', 'slow.png.part'), path('in', 'slow.png'));
  await until(() => given.length > 0 && warnings.length > 1);
  await sleep(1000);
  expect(given.map(({ file }) => file)).toEqual(['slow.png']);
  expect(warnings).toEqual([
    expect.stringMatching(/passed over: 1 file that is no image \(notes\.txt\)\.$/),
    expect.stringMatching(
      /passed over: 1 link that leads out of the folder, which --follow-links follows \(link\.png\)\.$/,
    ),
  ]);
  await stop();
});

it('gives what has no ending of an image and begins as one, when it has not changed for ten seconds', async () => {
  put(path('in', 'notes.txt'), '');
  const { given, warnings, stop } = watch(path('in'));
  await until(() => warnings.length > 0);
  const began = performance.now();
  put(path('in', 'IMG_1'), png);
  await until(() => given.length > 0);
  expect(given).toMatchObject([{ file: 'IMG_1' }]);
  expect((given[0]?.at ?? 0) - began).toBeGreaterThan(10_000);
  await stop();
});
