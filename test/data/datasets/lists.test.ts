import { rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { listText, readLists } from '../../../src/data/datasets/lists.ts';
import { writeSplit } from '../../../src/data/datasets/split.ts';
import { expectRefusal, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();

/** Names that are allowed on a disk, and that some part of a list could take for something else. */
const NAMES = [
  ...[
    'bad\nname.png',
    'a\rb.png',
    'a\r\nb.png',
    'a\u2028b.png',
    'lot\\7.png',
    '#1.png',
    '"q".png',
    'say "a".png',
    'a,b;c.png',
  ],
  ...[
    ' blank.png',
    '\ttab.png',
    'blank.png ',
    '\u00a0wide.png',
    "'=1.png",
    '=1.png',
    'plain.png',
    'ü漢.png',
    '\\',
    '""',
    '\uFEFFmark.png',
  ],
];

describe('lists', () => {
  it('and tables that are links to nothing are refused, and images that no list names are counted', () => {
    for (const name of ['normal/1', 'normal/2', 'normal/3', 'abnormal/1', 'abnormal/2']) put(path(`${name}.png`));
    put(path('train.txt'), 'normal/1.png\nabnormal/1.png\n');
    put(path('test.txt'), 'normal/2.png\n');
    expect(readDataset(path()).passedOver).toMatchObject({ unlisted: ['abnormal/2.png', 'normal/3.png'] });
    for (const name of ['test.txt', 'index.csv', 'masks']) {
      rmSync(path(name), { force: true });
      symlinkSync('nowhere', path(name));
      expectRefusal(() => readDataset(path()), path(name));
      rmSync(path(name));
    }
  });

  it('give back every name that was written', () => {
    put(path('train.txt'), `# first\n\n${listText(NAMES)}`);
    expect(readLists(path()).train).toEqual(NAMES);
  });

  it('take lines without quotes as they are', () => {
    put(path('train.txt'), '  # c\n\t\r\n a,b.png \r\nx "y".png\nlot\\7.png\na#b.png\na\rb.png\n"#1""\n2.png" \nlast');
    expect(readLists(path()).train).toEqual([
      ...['a,b.png', 'x "y".png', 'lot\\7.png', 'a#b.png', 'a\rb.png', '#1"\n2.png', 'last'],
    ]);
  });

  it('name the line of a quote that is wrong, and say what UTF-16 and Latin-1 are', () => {
    for (const text of ['a.png\n\n"b.png\nc.png\n', 'a.png\nb.png\n"c".png\n']) {
      put(path('test.txt'), text);
      expectRefusal(
        () => readLists(path()),
        path('test.txt'),
        text.includes('"c"') ? 'line 3' : 'line 2 or after',
        'twice',
      );
    }
    put(path('test.txt'), Buffer.from('\uFEFFa.png\n', 'utf16le'));
    expectRefusal(() => readLists(path()), path('test.txt'), 'is UTF-16 text; save it as UTF-8');
    put(path('test.txt'), Buffer.from('a.png\n', 'utf16le'));
    expectRefusal(() => readLists(path()), 'is UTF-16 text');
    put(path('test.txt'), Buffer.from('a.png\nö.png\n', 'latin1'));
    expectRefusal(() => readLists(path()), path('test.txt'), 'is not UTF-8 text: line 2 ');
    put(path('test.txt'), 'a.png\nb\0.png\n');
    expectRefusal(() => readLists(path()), 'has a byte 0 at place 7');
  });

  it('of a run keep images with strange names in their parts', () => {
    const names = NAMES.filter((name) => name.endsWith('.png'));
    for (const name of names) for (const label of ['normal', 'abnormal']) put(path(label, name));
    const { images, ...rest } = readDataset(path());
    expect(images).toHaveLength(2 * names.length);
    const parted = images.map((image, i) => ({ ...image, part: (['train', 'test'] as const)[i % 2] ?? 'train' }));
    writeSplit(path(), { ...rest, images: parted });
    expect(readDataset(path()).images).toEqual(parted);
  });

  it('name one image once, however they write it', () => {
    put(path('normal/a.png'));
    put(path('abnormal/x.png'));
    put(path('train.txt'), 'normal/a.png\n');
    put(path('test.txt'), 'normal\\a.png\n');
    expectRefusal(() => readDataset(path()), path('train.txt'), path('test.txt'), 'normal/a.png');
    put(path('test.txt'), 'normal/A.png\n');
    expectRefusal(() => readDataset(path()), 'normal/A.png', 'There is normal/a.png');
  });
});
