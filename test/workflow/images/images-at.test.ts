import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { imagesAt } from '../../../src/workflow/images/images-at.ts';
import { expectRefusal, expectRejection, put, useTemporaryFolder } from '../../data/support.ts';

const path = useTemporaryFolder();
const files = (...names: string[]) => names.map((name) => put(path(name)));

/** The names of the images at some paths, and what is said of others. */
function look(...paths: string[]): { names: string[]; said: string[] } {
  return lookAround(paths, false);
}

function lookAround(paths: string[], followLinks: boolean): { names: string[]; said: string[] } {
  const said: string[] = [];
  return { names: imagesAt(paths, (line) => said.push(line), followLinks).map(({ file }) => file), said };
}

describe('the images of a folder', () => {
  it('are those with the ending of an image, readable or not; of others some are named and all counted, once', () => {
    files('in/a.png', 'in/b.heic', 'in/below/c.PSD');
    for (const name of ['notes.txt', 'below/x.csv', 'noending', 'z.json']) put(path('in', name), 'text');
    expect(look(path('in'))).toEqual({
      names: ['a.png', 'b.heic', 'below/c.PSD'],
      said: ['Warning: passed over: 4 files that are no images (noending, notes.txt, z.json, …).'],
    });
  });

  it.each([
    ['JPEG', 'IMG_1', '\xff\xd8\xff\xe0'],
    ['PNG', 'a.apng', '\x89PNG\r\n\x1a\n'],
    ['DICOM', 'IM0001', `${'\0'.repeat(128)}DICM`],
    ['NIfTI', 'brain', `${'\0'.repeat(344)}n+1\0`],
    ['JPEG 2000', 'scan.jpeg2000', '\0\0\0\x0cjP  \r\n\x87\n'],
    ['Netpbm', 'c.ppm_', 'P6\n# made by hand\n640 480\n255\n'],
    ['BMP', 'old.bitmap', `BM\xff\xff\0\0\0\0\0\0\x36\0\0\0\x28${'\0'.repeat(40)}`],
  ])('are those too that begin as one, here %s, whatever they are called', (_, name, head) => {
    files('in/a.png');
    put(path('in', name), Buffer.from(head, 'latin1'));
    expect(look(path('in'))).toEqual({ names: ['a.png', name].sort(), said: [] });
  });

  it('are no texts and archives that begin with the letters of one, nothing empty, and no pipe', () => {
    files('in/a.png');
    put(path('in/bm.txt'), 'BM is how the names of all bitmaps begin here');
    put(path('in/p5.txt'), 'P5 is a gray image');
    put(path('in/spaces'), `P5${' '.repeat(400)}`);
    put(path('in/table.gz'), Buffer.of(0x1f, 0x8b, 8, 0));
    put(path('in/empty'), '');
    execFileSync('mkfifo', [path('in/pipe')]);
    symlinkSync('pipe', path('in/to-pipe'));
    expect(look(path('in'))).toEqual({
      names: ['a.png'],
      said: ['Warning: passed over: 7 files that are no images (bm.txt, empty, p5.txt, …).'],
    });
  });

  it('are not hidden, and all that is hidden or kept by systems for themselves is counted', () => {
    files('in/a.png', 'in/.DS_Store', 'in/Thumbs.db', 'in/desktop.ini', 'in/.cfg/config', 'in/empty/.gitkeep');
    expect(look(path('in'))).toEqual({
      names: ['a.png'],
      said: ['Warning: passed over: 5 hidden files or folders (.DS_Store, .cfg, Thumbs.db, …).'],
    });
  });

  it('may be behind links, of which none is followed in a circle', () => {
    files('in/a.png', 'in/real/b.png', 'elsewhere/c.png', 'elsewhere/below/d.png', 'e.png');
    symlinkSync(path('in'), path('in/loop'));
    symlinkSync(path('in/real'), path('in/alias'));
    symlinkSync(path('elsewhere'), path('in/far'));
    symlinkSync(path('in'), path('elsewhere/back'));
    symlinkSync(path('e.png'), path('in/link.png'));
    expect(lookAround([path('in')], true)).toEqual({
      names: ['a.png', 'far/below/d.png', 'far/c.png', 'link.png', 'real/b.png'],
      said: ['Warning: passed over: 3 links to folders that were looked through already (alias, loop, far/back).'],
    });
    // Without being asked, those that lead out of the folder are left alone, once said.
    symlinkSync(path('in/real/b.png'), path('in/inner.png'));
    expect(look(path('in'))).toEqual({
      names: ['a.png', 'inner.png', 'real/b.png'],
      said: [
        'Warning: passed over: 2 links to folders that were looked through already (alias, loop); ' +
          '2 links that lead out of the folder, which --follow-links follows (link.png, far).',
      ],
    });
    // Who names a link means what it leads to.
    expect(look(path('in/link.png')).names).toEqual([path('in/link.png')]);
    expect(look(path('in/far')).names).toEqual(['below/d.png', 'c.png']);
  });

  it('are listed where they cannot be opened, each with its reason', async () => {
    mkdirSync(path('in'));
    symlinkSync(path('nowhere.png'), path('in/dangling.png'));
    symlinkSync('circle.png', path('in/circle.png'));
    const bytes = (name: string) => Buffer.concat([Buffer.from(path('in/')), Buffer.from(name, 'latin1')]);
    writeFileSync(bytes('caf\xe9.png'), '');
    mkdirSync(bytes('fa\xe7ade'));
    const refs = imagesAt([path('in')]);
    expect(refs.map(({ file }) => file)).toEqual(['caf\uFFFD.png', 'circle.png', 'dangling.png', 'fa\uFFFDade']);
    const reasons = [
      /not UTF-8.*rename it/,
      /lead in a circle/,
      /symbolic link to something that is not there/,
      /not UTF-8/,
    ];
    for (const [i, ref] of refs.entries()) await expect(decodeImage(ref.path)).rejects.toThrow(reasons[i]);
  });

  it('may have any characters in their names, and twins', () => {
    const names = ['A.png', 'a\nb.png', 'a\rb.png', 'a.png', 'a\u2028b.png', 'lot\\7.png', 'ö.png', 'o\u0308.png'];
    files(...names.map((name) => `in/${name}`));
    expect(look(path('in')).names.sort()).toEqual(names.sort());
  });

  it('are missed where there are none, and it is said what is there instead', () => {
    files('in/.a.png');
    put(path('in/notes.txt'), 'text');
    expectRefusal(() => look(path('in')), path('in'), '1 file that is no image (notes.txt)', '1 hidden file');
  });
});

describe('the images of several paths', () => {
  it('have the given paths in their names, so that each is told from the others', () => {
    files('line1/001.png', 'line2/001.png', 'line2/below/.x.png', 'one.jpg');
    put(path('line1/notes.txt'), 'text');
    expect(look(path('line1/'), path('line2'), path('one.jpg'))).toEqual({
      names: ['line1/001.png', 'line2/001.png', 'one.jpg'].map((name) => path(name)),
      said: [
        `Warning: passed over: 1 file that is no image (${path('line1/notes.txt')}); 1 hidden file or folder ` +
          `(${path('line2/below/.x.png')}).`,
      ],
    });
    expect(look(path('line1')).names).toEqual(['001.png']);
  });

  it('are taken once where they are the same files', () => {
    files('line1/001.png', 'line1/002.png');
    symlinkSync(path('line1'), path('alias'));
    expect(look(path('line1/002.png'), path('alias'), path('line1/002.png'), path('alias/001.png'))).toEqual({
      names: [path('line1/002.png'), path('alias/001.png')],
      said: [
        `Warning: passed over: 3 files that were given twice (${['alias/002.png', 'line1/002.png', 'alias/001.png'].map((name) => path(name)).join(', ')}).`,
      ],
    });
  });

  it('name a file that is not there as it was given', async () => {
    expect(look(path('absent.png'))).toEqual({ names: [path('absent.png')], said: [] });
    await expectRejection(() => decodeImage(path('absent.png')), 'no such file');
    files('o\u0308.png');
    await expectRejection(() => decodeImage(path('ö.png')), path('ö.png'), 'another Unicode form');
  });
});
