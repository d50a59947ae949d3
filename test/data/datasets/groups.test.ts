import { symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupByName } from '../../../src/data/datasets/groups.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { csvLine } from '../../../src/data/files/csv.ts';
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

  it.each([
    ['an empty first field', 'type,file,group\n,normal/p1_a.png,1\nscratch,abnormal/p1_c.png,1\n'],
    ['an index of pandas', ',file,group,type\n0,normal/p1_a.png,1,\n1,abnormal/p1_c.png,1,scratch\n'],
    ['semicolons', '"note; of\nus";"file";type;group\r\n;"normal/p1_a.png";;1\r\n;abnormal/p1_c.png;scratch;1\r\n'],
    ['tabs', 'file\tgroup\ttype\n\nnormal/p1_a.png\t1\t\nabnormal/p1_c.png\t1\tscratch\n'],
    ['lines that end in several ways', 'file,type,group\nnormal/p1_a.png,,1\r\nabnormal/p1_c.png,scratch,1\n'],
    ['lines that end as on an old Mac', 'file,group,type\rnormal/p1_a.png,1,\rabnormal/p1_c.png,1,scratch\r'],
    ['the ends of lines of Windows at first', 'file,type,group\r\nnormal/p1_a.png,,1\nabnormal/p1_c.png,scratch,1\r\n'],
  ])('is read with %s', (_, text) => {
    images();
    put(path('index.csv'), text);
    expect(groups()).toEqual([
      'abnormal/p1_c.png 1',
      'abnormal/x.png alone',
      'normal/p1_a.png 1',
      'normal/p2_b.png alone',
    ]);
    expect(readDataset(path()).images[0]?.type).toBe('scratch');
  });

  it.each([
    ['a row with too few fields', 'file,group\nnormal/p1_a.png,1\nabnormal/x.png\n', 'line 3 has 1 field,'],
    ['a row with too many fields', 'file,group\nnormal/p1_a.png,1,2\n', 'line 2 has 3 fields'],
    ['a quote without end', 'file,group\nnormal/p1_a.png,1\n"abnormal/x.png,1\n,\n', 'line 3'],
    ['a quote amid a field', 'file,group\nnormal/p1_a.png,a "1"\n', 'line 2'],
    ['two rows for one image', 'file,group\nabnormal/x.png,1\nabnormal\\x.png,2\n', 'abnormal/x.png'],
  ])('is refused with %s, which is named', (_, text, told) => {
    images();
    put(path('index.csv'), text);
    expectRefusal(() => readDataset(path()), path('index.csv'), told);
  });

  it.each(['UTF-16', 'UTF-32'])('is refused in %s, with a mark or without, in either order', (encoding) => {
    images();
    for (const text of ['file,group\nnormal/p1_a.png,1\n', '\uFEFFfile,group\nnormal/p1_ä.png,1\n']) {
      const units = [...text].map((character) => character.codePointAt(0) ?? 0);
      const little = Buffer.from((encoding === 'UTF-16' ? Uint16Array : Uint32Array).from(units).buffer);
      const big = Buffer.from(little)[encoding === 'UTF-16' ? 'swap16' : 'swap32']();
      for (const bytes of [little, big]) {
        put(path('index.csv'), bytes);
        expectRefusal(() => readDataset(path()), `index.csv is ${encoding} text; save it as UTF-8`);
      }
    }
  });

  it('is refused in Latin-1, by the line, also where the group or type alone is damaged', () => {
    images();
    put(path('index.csv'), Buffer.from('file,type\nnormal/p1_a.png,\nabnormal/x.png,Lücke\n', 'latin1'));
    expectRefusal(() => readDataset(path()), 'index.csv is not UTF-8 text: line 3 ', 'Latin-1', 'Save it as UTF-8');
  });

  it('may be a table of this program, where names that a spreadsheet would run have an apostrophe in front', () => {
    const names = ['=1+1.png', '@SUM(1).png', "'=1.png", 'a,b "c"\nd.png'];
    for (const name of names) put(path(name));
    const rows = [['file', 'group'], ...names.map((name, i) => [name, `-${i}`])];
    put(path('index.csv'), rows.map(csvLine).join(''));
    const { images } = readDataset(path(), { allowNormalAlone: true });
    expect(new Map(images.map(({ file, group }) => [file, group]))).toEqual(
      new Map(names.map((name, i) => [name, `-${i}`])),
    );
  });

  it('has rows that name no image, which are counted, but for images that no list names', () => {
    images();
    put(path('train.txt'), 'normal/p1_a.png\nabnormal/x.png\n');
    put(path('test.txt'), 'normal/p2_b.png\n');
    put(path('index.csv'), 'file,group\nnormal/p1_a.png,1\nabnormal/p1_c.png,1\nabnormal/p1_d.png,1\n');
    const { images: found, passedOver } = readDataset(path());
    expect(found).toHaveLength(3);
    expect(passedOver).toEqual({ rows: ['abnormal/p1_d.png'], unlisted: ['abnormal/p1_c.png'] });
  });

  it('leaves the types of MVTec folders alone', () => {
    for (const file of ['train/good/1.png', 'test/good/2.png', 'test/hole/3.png']) put(path(file));
    put(path('index.csv'), 'file,type\ntest/hole/3.png,scratch\n');
    expect(readDataset(path()).images.flatMap(({ type }) => type ?? [])).toEqual(['hole']);
  });

  it.each([
    ['without its columns', 'name,source\nnormal/p1_a.png,scratch\n', 'name,source'],
    ['with a misspelt column', 'file,gruop\nnormal/p1_a.png,1\n', 'file,gruop'],
    ['with another mark between columns', 'file|group\nnormal/p1_a.png|1\n', 'file|group'],
    ['of other files', 'file,group\np1_a.png,1\n', 'no line for abnormal/p1_c.png'],
    ['of nothing', '', "its first line is ''"],
  ])('is refused %s, and says what it holds', (_, text, told) => {
    images();
    put(path('index.csv'), text);
    expectRefusal(() => readDataset(path()), path('index.csv'), "'file'", "'group'", told);
  });

  it('shows nothing of a file that it is a link to', () => {
    images();
    put(path('secret'), 'root:x:0:0\n');
    symlinkSync(path('secret'), path('index.csv'));
    const refused = () => readDataset(path());
    expectRefusal(refused, path('index.csv'), 'it is a link to something else');
    expect(refused).not.toThrow(/root/);
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
