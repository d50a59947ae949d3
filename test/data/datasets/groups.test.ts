import { describe, expect, it } from 'vitest';
import { groupByName } from '../../../src/data/datasets/groups.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { expectRefusal, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();
const images = () => {
  for (const file of ['normal/p1_a.png', 'normal/p2_b.png', 'abnormal/p1_c.png', 'abnormal/x.png']) put(path(file));
};
const groups = (data = readDataset(path())) => data.images.map(({ file, group }) => `${file} ${group ?? 'alone'}`);

describe('index.csv', () => {
  it('names groups, in any column, quoted or not; other images stand alone', () => {
    images();
    put(
      path('index.csv'),
      '\uFEFFgroup,"note, long",file\r\npatient 1,,normal/p1_a.png\r\n"p ""2""","a,b",normal\\p2_b.png\r\n,,abnormal/x.png\r\n',
    );
    expect(groups()).toEqual([
      'abnormal/p1_c.png alone',
      'abnormal/x.png alone',
      'normal/p1_a.png patient 1',
      'normal/p2_b.png p "2"',
    ]);
  });

  it('names kinds of defects, of abnormal images whose folder does not', () => {
    images();
    put(path('index.csv'), 'file,type\nnormal/p1_a.png,good\nabnormal/p1_c.png,scratch\nabnormal/x.png,\n');
    const types = readDataset(path()).images.map(({ file, type, group }) => [file, type, group]);
    expect(types).toEqual([
      ['abnormal/p1_c.png', 'scratch', undefined],
      ['abnormal/x.png', undefined, undefined],
      ['normal/p1_a.png', undefined, undefined],
      ['normal/p2_b.png', undefined, undefined],
    ]);
  });

  it('leaves the types of MVTec folders alone', () => {
    for (const file of ['train/good/1.png', 'test/good/2.png', 'test/hole/3.png']) put(path(file));
    put(path('index.csv'), 'file,type\ntest/hole/3.png,scratch\n');
    expect(readDataset(path()).images.flatMap(({ type }) => type ?? [])).toEqual(['hole']);
  });

  it.each([
    ['without its columns', 'name,source\nnormal/p1_a.png,scratch\n', 'name,source'],
    ['with a misspelt column', 'file,gruop\nnormal/p1_a.png,1\n', 'file,gruop'],
    ['with semicolons', 'file;group\nnormal/p1_a.png;1\n', 'file;group'],
    ['of other files', 'file,group\np1_a.png,1\n', 'no line for abnormal/p1_c.png'],
    ['of nothing', '', "its first line is ''"],
  ])('is refused %s, and says what it holds', (_, text, told) => {
    images();
    put(path('index.csv'), text);
    expectRefusal(() => readDataset(path()), path('index.csv'), "'file'", "'group'", told);
  });
});

describe('groupByName', () => {
  it('takes what the brackets find, or all that is found, in place of the index', () => {
    images();
    put(path('index.csv'), 'file,group\nabnormal/x.png,from the index\n');
    const expected = ['abnormal/p1_c.png p1', 'abnormal/x.png alone', 'normal/p1_a.png p1', 'normal/p2_b.png p2'];
    expect(groups(groupByName(readDataset(path()), '/(p\\d)_'))).toEqual(expected);
    expect(groups(groupByName(readDataset(path()), 'p\\d'))).toEqual(expected);
  });

  it('refuses what is no expression and what finds nothing', () => {
    images();
    expectRefusal(() => groupByName(readDataset(path()), '('), '--group-by (', 'no regular expression');
    expectRefusal(() => groupByName(readDataset(path()), 'zebra'), 'zebra', 'abnormal/p1_c.png', path());
  });
});
