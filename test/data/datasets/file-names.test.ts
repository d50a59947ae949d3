import { describe, expect, it } from 'vitest';
import { FileNames, matchStems } from '../../../src/data/datasets/file-names.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { expectRefusal, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();

/** The same name as one character for each letter, and as letters with marks: both look alike. */
const [composed, decomposed] = ['Größe', 'Größe'.normalize('NFD')];
/** Å has a third form, the sign of the unit. */
const angstrom = ['\u00C5', 'A\u030A', '\u212B'] as const;

describe('FileNames', () => {
  const find = (files: string[], written: string) => new FileNames(files).find(written, 'test.txt');

  it('finds the exact name first, and else what lists may write for it', () => {
    const files = ['lot\\7.png', 'lot/7.png', 'normal/8.png', "'=1.png", '=1.png', '=2.png', 'a.png', 'A.png'];
    for (const file of files) expect(find(files, file)).toBe(file);
    expect(find(files, 'normal\\8.png')).toBe('normal/8.png');
    expect(find(files, './lot/7.png')).toBe('lot/7.png');
    expect(find(files, '.\\lot\\7.png')).toBe('lot/7.png');
    expect(find(files, "'=2.png")).toBe('=2.png');
    expect(find(files, 'normal/9.png')).toBeUndefined();
  });

  it('finds a name in another Unicode form, and asks which where there are several', () => {
    expect(find([decomposed, 'b'], composed)).toBe(decomposed);
    expect(find([decomposed, composed], decomposed)).toBe(decomposed);
    const [one, two, three] = angstrom;
    expectRefusal(() => find([two, three], one), 'test.txt', 'Unicode forms', 'A\\u{30a}', '\\u{212b}', 'Rename');
  });

  it('knows why a name is not found that looks right', () => {
    const hint = (written: string) => new FileNames(['normal/a.PNG']).hint(written);
    expect(hint('Normal/A.png')).toContain('normal/a.PNG: small and capital letters differ');
    expect(hint('normal/b.png')).toBe('');
  });
});

describe('matchStems', () => {
  const match = (images: string[], files: string[]) =>
    Object.fromEntries(matchStems(images, new Map(files.map((file) => [file, `masks/${file}`])), 'masks'));

  it('gives twins each their own, and others what they have in another Unicode form', () => {
    expect(match([composed, decomposed], [decomposed, composed])).toEqual({
      [composed]: `masks/${composed}`,
      [decomposed]: `masks/${decomposed}`,
    });
    expect(match([composed, decomposed], [composed])).toEqual({ [composed]: `masks/${composed}` });
    expect(match([decomposed, 'b', 'B'], [composed, 'b', 'c'])).toEqual({
      [decomposed]: `masks/${composed}`,
      b: 'masks/b',
    });
  });

  it('refuses what fits several only in other Unicode forms', () => {
    const [one, two, three] = angstrom;
    expectRefusal(() => match([one, two], [three]), 'masks', 'Unicode forms', 'Rename');
    expectRefusal(() => match([one], [two, three]), 'masks', 'Unicode forms', 'Rename');
  });
});

describe('a data folder from a Mac', () => {
  it('fits lists, masks, pairs and an index whose names are composed', () => {
    for (const folder of ['normal', 'abnormal']) put(path(folder, `${decomposed}.png`));
    for (const folder of ['masks', 'pairs']) put(path(folder, `${composed}.png`));
    put(path('test.txt'), `abnormal/${composed}.png\n`);
    put(path('index.csv'), `file,group\nabnormal/${composed}.png,7\n`);
    const [abnormal, normal] = readDataset(path()).images;
    expect(abnormal).toMatchObject({ file: `abnormal/${decomposed}.png`, part: 'test', group: '7' });
    expect(abnormal).toMatchObject({ mask: path('masks', `${composed}.png`), pair: path('pairs', `${composed}.png`) });
    expect(normal).toMatchObject({ part: 'train' });
  });

  it('has twins that differ in case or Unicode form alone, and all count', () => {
    for (const name of [composed, decomposed, 'A', 'a']) put(path('abnormal', `${name}.png`));
    for (const name of ['A', decomposed]) put(path('masks', `${name}.png`));
    put(path('normal/n.png'));
    const { images } = readDataset(path());
    expect(images).toHaveLength(5);
    expect(images.flatMap(({ mask, file }) => (mask ? [file] : []))).toEqual([
      'abnormal/A.png',
      `abnormal/${decomposed}.png`,
    ]);
  });
});
