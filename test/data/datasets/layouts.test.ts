import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { partOf } from '../../../src/data/datasets/dataset.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { readBytes } from '../../../src/data/files/read.ts';
import { expectRefusal, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();
const files = (...names: string[]) => names.map((name) => put(path(name)));
const summary = (options = {}) =>
  readDataset(path(), options).images.map(({ file, label, part }) => `${file} ${label} ${part ?? 'none'}`);

describe('folders normal/ and abnormal/', () => {
  it('lists images sorted, with masks of the same stem, and says what it passes over', () => {
    files(
      'normal/b.png',
      'normal/a.JPG',
      'normal/B.jpeg',
      'abnormal/x.png',
      'abnormal/y.PNG',
      'masks/x.png',
      'masks/b.png',
    );
    files('normal/Thumbs.db', 'normal/.DS_Store', 'normal/._a.png', 'abnormal/deeper/z.png', '__MACOSX/normal/._a.png');
    files('loose.png', 'normal/.cache/deep/er.jpg', 'other/notes.txt');
    for (const name of ['README.md', 'index.txt', 'calibration.csv', 'masks/noending', 'normal/notes.txt'])
      put(path(name), 'text');
    put(path('index.csv'), 'file,group\nnormal/b.png,1\n');
    mkdirSync(path('normal/folder.png'));
    expect(readDataset(path())).toEqual({
      root: path(),
      images: [
        { path: path('abnormal/x.png'), file: 'abnormal/x.png', label: 'abnormal', mask: path('masks/x.png') },
        { path: path('abnormal/y.PNG'), file: 'abnormal/y.PNG', label: 'abnormal' },
        { path: path('normal/B.jpeg'), file: 'normal/B.jpeg', label: 'normal' },
        { path: path('normal/a.JPG'), file: 'normal/a.JPG', label: 'normal' },
        { path: path('normal/b.png'), file: 'normal/b.png', label: 'normal', group: '1' },
      ],
      strays: [],
      passedOver: {
        others: ['calibration.csv', 'index.txt', 'normal/notes.txt', 'masks/noending'],
        elsewhere: ['loose.png', 'other', 'normal/folder.png', 'abnormal/deeper'],
        hidden: ['__MACOSX', 'normal/.DS_Store', 'normal/._a.png', 'normal/.cache', 'normal/Thumbs.db'],
      },
    });
  });

  it('names masks and templates that no image has the name of; those of normal images tell nothing', () => {
    files('normal/a.png', 'abnormal/x.png', 'abnormal/y.png', 'masks/x.png', 'masks/a.png', 'masks/x (2).png');
    files('pairs/x.png', 'pairs/y_.png');
    put(path('test.txt'), 'normal/a.png\nabnormal/x.png');
    expect(readDataset(path()).strays).toEqual(['masks/x (2).png', 'pairs/y_.png']);
  });

  it('gives abnormal images the template of the same stem', () => {
    files('normal/a.png', 'abnormal/x.png', 'abnormal/y.png', 'pairs/x.jpg', 'pairs/a.png', 'masks/x.png');
    const [x, y, a] = readDataset(path()).images;
    expect(x).toMatchObject({ pair: path('pairs/x.jpg'), mask: path('masks/x.png') });
    expect([y, a].map((image) => image?.pair)).toEqual([undefined, undefined]);
  });

  it.each(['masks', 'pairs'])('refuses %s of which none has the stem of an abnormal image', (kind) => {
    files('normal/a.png', 'abnormal/x.png', `${kind}/x_mask.png`, `${kind}/a.png`);
    expectRefusal(() => readDataset(path()), path(kind), 'a.png', 'Rename them');
    files(`${kind}/x.png`);
    expect(readDataset(path()).images).toHaveLength(2);
  });

  it.each(['masks', 'pairs'])('refuses two files in %s for one image', (kind) => {
    files('normal/a.png', 'abnormal/x.png', `${kind}/x.png`, `${kind}/x.jpg`);
    expectRefusal(() => readDataset(path()), path(kind), 'x.png', 'x.jpg', 'Remove one');
  });

  it('takes parts from both lists and leaves out what neither names', () => {
    files('normal/a.png', 'normal/b.png', 'normal/c.png', 'abnormal/x.png', 'abnormal/y.png');
    put(path('train.txt'), '\uFEFF# training\r\n\r\n normal/a.png \r\n./abnormal/x.png\r\n');
    put(path('test.txt'), 'normal\\b.png\nabnormal/y.png');
    expect(summary()).toEqual([
      'abnormal/x.png abnormal train',
      'abnormal/y.png abnormal test',
      'normal/a.png normal train',
      'normal/b.png normal test',
    ]);
  });

  it('with one list alone gives the rest to the other part', () => {
    files('normal/a.png', 'normal/b.png', 'abnormal/x.png', 'abnormal/y.png');
    put(path('test.txt'), 'normal/b.png\nabnormal/y.png\n');
    expect(readDataset(path()).images.map((image) => image.part)).toEqual(['train', 'test', 'train', 'test']);
    put(path('test.txt'), 'normal/a.png\nnormal/b.png\nabnormal/x.png\nabnormal/y.png\n');
    expect(readDataset(path()).images.every((image) => image.part === 'test')).toBe(true);
  });

  it('refuses a file in both lists, naming it and both lists', () => {
    files('normal/a.png', 'abnormal/x.png');
    put(path('train.txt'), 'normal/a.png\nabnormal/x.png\n');
    put(path('test.txt'), './normal/a.png\n');
    expectRefusal(() => readDataset(path()), 'normal/a.png', path('train.txt'), path('test.txt'), 'Remove');
  });

  it('refuses a line that names no image of the set', () => {
    files('normal/a.png', 'abnormal/x.png', 'masks/x.png');
    for (const line of ['normal/absent.png', 'masks/x.png', '../normal/a.png']) {
      put(path('train.txt'), `normal/a.png\n${line}\n`);
      expectRefusal(() => readDataset(path()), path('train.txt'), line, 'remove the line');
    }
  });

  it('refuses a missing folder and an empty class', () => {
    files('abnormal/x.png');
    expectRefusal(() => readDataset(path()), path('normal'), 'ENOENT');
    rmSync(path('abnormal/x.png'));
    files('normal/a.png');
    expectRefusal(() => readDataset(path()), path(), 'no abnormal image', 'Put the images');
  });

  it('names the lists where they leave out a class, or all', () => {
    files('normal/a.png', 'abnormal/x.png');
    put(path('test.txt'), 'normal/a.png\n');
    put(path('train.txt'), '# x\n\n');
    const lists = `${path('train.txt')} and ${path('test.txt')} name`;
    expectRefusal(() => readDataset(path()), `${lists} no abnormal image`, 'remove a list');
    put(path('test.txt'), '\n');
    expectRefusal(() => readDataset(path()), `${lists} no image at all`);
  });

  it('follows links and lists a broken one for the decoder to name', () => {
    files('elsewhere/a.png', 'abnormal/x.png');
    symlinkSync(path('elsewhere'), path('normal'));
    symlinkSync(path('nowhere.png'), path('elsewhere/broken.png'));
    expect(readDataset(path()).images.map((image) => image.file)).toEqual([
      'abnormal/x.png',
      'normal/a.png',
      'normal/broken.png',
    ]);
  });

  it('takes what begins as an image for one, whatever it is called', () => {
    files('normal/IMG_1', 'abnormal/x.apng', 'masks/x.png_');
    put(path('abnormal/IM0001'), `${'\0'.repeat(128)}DICM`);
    put(path('index.csv'), 'file,group\nnormal/IMG_1,1\n');
    expect(readDataset(path())).toMatchObject({
      images: [
        { file: 'abnormal/IM0001' },
        { file: 'abnormal/x.apng', mask: path('masks/x.png_') },
        { file: 'normal/IMG_1', group: '1' },
      ],
      passedOver: {},
    });
  });

  it('takes image files that nobody can read for images, so that they are refused by name', () => {
    files('normal/a.png', 'normal/b.heic', 'abnormal/x.png', 'abnormal/y.PSD', 'masks/x.jp2');
    expect(readDataset(path()).images.map(({ file }) => file)).toEqual([
      ...['abnormal/x.png', 'abnormal/y.PSD', 'normal/a.png', 'normal/b.heic'],
    ]);
    expect(readDataset(path()).images[0]?.mask).toBe(path('masks/x.jp2'));
  });

  it('looks through no link in a circle, and leaves one of a file to the decoder', () => {
    files('normal/a.png', 'abnormal/x.png');
    symlinkSync(path('normal'), path('normal/loop'));
    symlinkSync('self.png', path('normal/self.png'));
    const { images, passedOver } = readDataset(path());
    expect(images.map(({ file }) => file)).toEqual(['abnormal/x.png', 'normal/a.png', 'normal/self.png']);
    expect(passedOver).toEqual({ elsewhere: ['normal/loop'] });
    expectRefusal(() => readBytes(path('normal/self.png')), 'in a circle');
  });

  it('lists files whose names are no text, which cannot be opened by them', () => {
    files('normal/a.png', 'abnormal/x.png');
    writeFileSync(Buffer.concat([Buffer.from(path('normal/b')), Buffer.of(0xff), Buffer.from('.png')]), '');
    const image = readDataset(path()).images.at(-1);
    expect(image?.file).toBe('normal/b\uFFFD.png');
    expectRefusal(() => readBytes(image?.path ?? ''), 'b\uFFFD.png', 'not UTF-8', 'rename it');
  });

  it('refuses a root that is absent, a file or unknown, naming what it found', () => {
    expectRefusal(() => readDataset(path('absent')), path('absent'), 'ENOENT');
    files('cats/a.png');
    expectRefusal(() => readDataset(path('cats/a.png')), 'cats/a.png', 'ENOTDIR');
    expectRefusal(() => readDataset(path()), path(), 'normal/ and abnormal/', 'trainA', 'found cats');
    mkdirSync(path('empty'));
    expectRefusal(() => readDataset(path('empty')), 'found nothing');
  });
});

describe('MVTec AD', () => {
  const wood = () =>
    files(
      'train/good/000.png',
      'train/good/001.png',
      'test/good/000.png',
      'test/hole/000.png',
      'test/scratch/000.png',
      'test/scratch/001.png',
      'ground_truth/hole/000_mask.png',
      'ground_truth/scratch/001_mask.png',
    );

  it('pools all images, with the defect as type and its mask', () => {
    wood();
    put(path('readme.txt'), 'x');
    put(path('test/notes.txt'), 'x');
    put(path('train.txt'), 'train/good/000.png');
    files('test/.ipynb_checkpoints/000.png', 'train/bad/000.png', 'test/loose.png', 'validation/good/000.png');
    files('ground_truth/hole/00_mask.png', 'ground_truth/scratches/000_mask.png', 'ground_truth/good/000_mask.png');
    const { images, strays, passedOver } = readDataset(path());
    expect(passedOver).toEqual({
      others: ['train.txt', 'test/notes.txt'],
      elsewhere: ['validation', 'train/bad', 'test/loose.png'],
      hidden: ['test/.ipynb_checkpoints'],
    });
    expect(strays.sort()).toEqual(['ground_truth/hole/00_mask.png', 'ground_truth/scratches/000_mask.png']);
    expect(images.map(({ path: _, ...rest }) => rest)).toEqual([
      { file: 'test/good/000.png', label: 'normal' },
      { file: 'test/hole/000.png', label: 'abnormal', type: 'hole', mask: path('ground_truth/hole/000_mask.png') },
      { file: 'test/scratch/000.png', label: 'abnormal', type: 'scratch' },
      {
        file: 'test/scratch/001.png',
        label: 'abnormal',
        type: 'scratch',
        mask: path('ground_truth/scratch/001_mask.png'),
      },
      { file: 'train/good/000.png', label: 'normal' },
      { file: 'train/good/001.png', label: 'normal' },
    ]);
  });

  it('without train/ is a test part', () => {
    wood();
    cpSync(path('test'), path('only/test'), { recursive: true });
    const { images } = readDataset(path('only'));
    expect(images).toHaveLength(4);
    expect(images.every((image) => image.part === 'test')).toBe(true);
  });

  it('refuses a set without defects and one without test/', () => {
    files('train/good/0.png');
    expectRefusal(() => readDataset(path()), path('test'), 'ENOENT');
    files('test/good/0.png');
    expectRefusal(() => readDataset(path()), 'no abnormal image');
  });
});

describe('a folder of normal images alone', () => {
  it.each([
    ['in normal/', ['normal/a.png', 'normal/b.png'], 'has normal/ and no abnormal/'],
    ['as they are', ['a.png', 'b.jpg'], 'holds 2 images and no folders'],
  ])('%s is told why one class is not enough', (_, names, found) => {
    files(...names);
    expectRefusal(() => readDataset(path()), found, 'learns from both', 'thirty or more, into abnormal/');
  });
});

describe('trainA, trainB, testA, testB', () => {
  it('takes A as abnormal unless told otherwise', () => {
    files('trainA/a.png', 'trainB/b.png', 'testA/a.png', 'testB/b.png');
    expect(summary()).toEqual([
      'testA/a.png abnormal test',
      'testB/b.png normal test',
      'trainA/a.png abnormal train',
      'trainB/b.png normal train',
    ]);
    expect(summary({ aIs: 'normal' })).toEqual([
      'testA/a.png normal test',
      'testB/b.png abnormal test',
      'trainA/a.png normal train',
      'trainB/b.png abnormal train',
    ]);
  });

  it('may have a test part alone, which training then refuses', () => {
    files('testA/a.png', 'testB/b.png');
    const dataset = readDataset(path());
    expect(partOf(dataset, 'test').map((image) => image.file)).toEqual(['testA/a.png', 'testB/b.png']);
    expectRefusal(() => partOf(dataset, 'train'), path(), 'train part has no normal', '0 images');
  });

  it('refuses a part with one of its folders', () => {
    files('trainA/a.png', 'trainB/b.png', 'testA/a.png');
    expectRefusal(() => readDataset(path()), path('testB'), 'ENOENT');
  });
});

describe('normal images alone, where they will do', () => {
  const alone = () => summary({ allowNormalAlone: true });

  it('lie in normal/, in train/good, or in the folder itself, and its lists count', () => {
    files('normal/a.png', 'normal/b.png');
    expect(alone()).toEqual(['normal/a.png normal none', 'normal/b.png normal none']);
    rmSync(path('normal'), { recursive: true });
    files('train/good/c.png');
    expect(alone()).toEqual(['train/good/c.png normal none']);
    rmSync(path('train'), { recursive: true });
    files('d.png', 'e.JPG', 'f.png', '.g.png');
    expect(alone()).toEqual(['d.png normal none', 'e.JPG normal none', 'f.png normal none']);
    put(path('calibration.txt'), 'f.png\n');
    expect(alone()).toEqual(['d.png normal train', 'e.JPG normal train', 'f.png normal calibration']);
  });

  it('are no reason to pass over abnormal ones, nor to take none at all', () => {
    files('normal/a.png', 'abnormal/b.png');
    expect(alone()).toEqual(['abnormal/b.png abnormal none', 'normal/a.png normal none']);
    rmSync(path('normal'), { recursive: true });
    mkdirSync(path('normal'));
    expectRefusal(alone, 'no normal image');
    put(path('normal/a.png'));
    rmSync(path('abnormal/b.png'));
    expectRefusal(alone, 'no abnormal image');
  });
});
