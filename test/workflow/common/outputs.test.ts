import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encodePng, signPng } from '../../../src/data/images/png.ts';
import {
  requireDifferentPlaces,
  requireFree,
  requireNoInput,
  requireNoPictures,
  requireOutput,
  textKind,
} from '../../../src/workflow/common/outputs.ts';
import { UsageError } from '../../../src/workflow/common/usage-error.ts';
import { expectRefusal, put, useTemporaryFolder } from '../../data/support.ts';

const path = useTemporaryFolder();
const TABLE = textKind('a table', /^a,b\r\n/);

it('lets through what is new, empty, or was written before, and leaves it as it is', () => {
  put(path('old.csv'), 'a,b\r\n1,2\r\n');
  put(path('empty.csv'), '');
  symlinkSync('nowhere.csv', path('link.csv'));
  for (const name of ['new.csv', 'old.csv', 'empty.csv', 'link.csv']) requireOutput('--csv', path(name), TABLE);
  expect(readFileSync(path('old.csv'), 'utf8')).toBe('a,b\r\n1,2\r\n');
  expect(readdirSync(path()).sort()).toEqual(['empty.csv', 'link.csv', 'old.csv']);
});

it('removes what a killed writer of the file left an hour ago or by a wrong clock, and nothing else', () => {
  const growing = (name: string, minutes: number) => {
    const file = put(path(name), 'a,b');
    const then = new Date(Date.now() - minutes * 60_000);
    utimesSync(file, then, then);
  };
  growing('.a.csv.0123456789ab.partial', 61);
  growing('.a.csv.ba9876543210.partial', 59);
  growing('.a.csv.aaaaaaaaaaaa.partial', -25 * 60);
  growing('.a.csv.bbbbbbbbbbbb.partial', -23 * 60);
  growing('.b.csv.0123456789ab.partial', 61);
  growing('.a.csv.mine.partial', 61);
  requireOutput('--csv', path('a.csv'), TABLE);
  const left = ['.a.csv.ba9876543210', '.a.csv.bbbbbbbbbbbb', '.a.csv.mine', '.b.csv.0123456789ab'].map(
    (name) => `${name}.partial`,
  );
  expect(readdirSync(path()).sort()).toEqual(left);
});

it('refuses what is something else, also behind a link', () => {
  put(path('photo.png'));
  symlinkSync('photo.png', path('link.csv'));
  for (const name of ['photo.png', 'link.csv']) {
    const refused = () => requireOutput('--csv', path(name), TABLE);
    expect(refused).toThrow(UsageError);
    expectRefusal(refused, `--csv ${path(name)}`, 'is not a table of Cyclops', 'Give another name');
  }
});

it('refuses any name among the files of a run, and none beside them', () => {
  put(path('run', 'checkpoint', 'config.json'), '{}');
  for (const name of [
    'thresholds.json',
    'metrics.jsonl',
    'train.txt',
    'checkpoint/x.csv',
    'samples/x.csv',
    'model.safetensors',
  ])
    expectRefusal(() => requireFree('--csv', path('run', name), TABLE), 'a file of the run in', path('run'));
  requireFree('--csv', path('run', 'scores.csv'), TABLE);
  requireFree('--csv', path('thresholds.json'), TABLE);
});

it('puts no pictures among others, as those that are trained with', () => {
  for (const name of ['normal/1', 'abnormal/2', 'masks/2']) put(path('plain', `${name}.png`));
  put(path('flat', '1.jpg'));
  put(path('unreadable', 'train.txt'), 'a line that names nothing');
  put(path('unreadable', 'normal', '1.png'));
  const [own, other] = [true, false].map((isSigned) => {
    const png = encodePng(1, 1, 1, Uint8Array.of(7));
    return isSigned ? signPng(png) : png;
  });
  put(path('own', '1.png'), own);
  put(path('mixed', '1.png'), own);
  put(path('mixed', '2.png'), other);
  symlinkSync(path('plain', 'normal'), path('link'));
  for (const folder of [
    'plain/normal',
    'plain/abnormal',
    'plain/masks',
    'flat',
    'unreadable/normal',
    'link',
    'mixed',
  ]) {
    const refused = () => requireNoPictures('--out', path(folder));
    expect(refused).toThrow(UsageError);
    expectRefusal(refused, `--out ${path(folder)}`, 'photographs', 'a folder elsewhere');
  }
  for (const folder of ['plain', 'plain/new', 'own', 'own/new', 'new']) requireNoPictures('--out', path(folder));
});

it('writes no two things into one place', () => {
  symlinkSync(path('a'), path('b'));
  expectRefusal(
    () => requireDifferentPlaces({ '--csv': path('a'), '--json': true, '--trace': path('b') }),
    '--csv and --trace',
    'another name',
  );
  requireDifferentPlaces({ '--csv': path('a'), '--trace': path('c'), '--json': undefined });
});

it('takes no name that a data folder gives a meaning', () => {
  for (const name of ['index.csv', 'train.txt', 'calibration.txt', 'test.txt', 'Index.csv'])
    expectRefusal(() => requireFree('--csv', path(name), TABLE), `--csv ${path(name)}`, 'read wrong', 'another name');
});

it('refuses the name of an image for what is none, or another, also behind a link', () => {
  put(path('own.png'), 'a,b\r\n');
  symlinkSync('new.tif', path('link.csv'));
  symlinkSync('new.csv', path('link.jpg'));
  for (const name of ['new.png', 'new.JPG', 'own.png', 'new.svg', 'new.nii.gz', 'link.csv', 'link.jpg']) {
    const refused = () => requireOutput('--csv', path(name), TABLE);
    expect(refused).toThrow(UsageError);
    expectRefusal(refused, '--csv takes the name of a table', 'taken for an image', 'does not end as an image');
  }
  const drawing = { ...textKind('a drawing', /^<svg/), picture: '.svg' } as const;
  for (const name of ['new.svg', 'new.SVG', 'new.html']) requireOutput('--drawing', path(name), drawing);
  expectRefusal(() => requireOutput('--drawing', path('new.png'), drawing), 'ends in .svg');
});

it('refuses what cannot be written, and waits for no pipe', () => {
  mkdirSync(path('folder'));
  execFileSync('mkfifo', [path('pipe')]);
  symlinkSync('pipe', path('link to a pipe'));
  for (const name of ['folder', 'pipe', 'link to a pipe'])
    expectRefusal(() => requireFree('--csv', path(name), TABLE), `--csv takes a file, and ${path(name)} is a folder`);
  expectRefusal(() => requireOutput('--csv', path('absent', 'a.csv'), TABLE), 'ENOENT');
  symlinkSync('round', path('round'));
  expectRefusal(() => requireOutput('--csv', path('round'), TABLE), 'ELOOP');
});

it.runIf(process.platform === 'linux')('refuses what leads to a file that somebody else has open', () => {
  const descriptor = openSync(put(path('printed'), ''), 'r+');
  symlinkSync(`/proc/self/fd/${descriptor}`, path('link'));
  symlinkSync('/dev/fd', path('folder'));
  const names = [`/proc/self/fd/${descriptor}`, `/dev/fd/${descriptor}`, path('link'), path('folder', `${descriptor}`)];
  for (const name of [...names, '/dev/null', '/dev/stdout.csv'])
    expectRefusal(() => requireFree('--csv', name, TABLE), `--csv takes a file, and ${name} is`);
  closeSync(descriptor);
  requireFree('--csv', path('printed'), TABLE);
  requireFree('--csv', '/dev/shm/cyclops-none.csv', TABLE);
});

it('refuses what is read, by whatever name', () => {
  put(path('a.png'));
  symlinkSync(path(), path('again'));
  expectRefusal(() => requireNoInput('--out', path('again', 'a.png'), [path('b.png'), path('a.png')]), path('a.png'));
  requireNoInput('--out', path('c.png'), [path('a.png')]);
});
