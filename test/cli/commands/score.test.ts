import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, parse } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withoutGuard } from '../../../src/data/files/csv.ts';
import { csvRows } from '../../../src/data/files/csv-rows.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { encodeJpeg } from '../../../src/data/images/jpeg.ts';
import { encodePng } from '../../../src/data/images/png.ts';
import type { Progress } from '../../../src/workflow/common/listener.ts';
import { score } from '../../../src/workflow/score.ts';
import { PROGRAM } from '../program.ts';
import { cyclops, makeData, ofOtherDecoder, SMALL, start, temporaryFolder, until } from '../support.ts';

const folder = temporaryFolder();
const model = folder.path('elsewhere', 'model.safetensors');
const images = folder.path('images');
const csv = folder.path('out.csv');
const heatmaps = folder.path('heat');

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** What the model file says, when the run and its images are gone. */
beforeAll(async () => {
  const data = makeData(folder.path('data'), { normal: 8, abnormal: 6 });
  const { code } = await cyclops('train', data, '--out', folder.path('run'), ...SMALL, '--steps', '3', '--quiet');
  expect(code).toBe(0);
  mkdirSync(folder.path('elsewhere'));
  cpSync(folder.path('run', 'model.safetensors'), model);
  renameSync(data, images);
  symlinkSync(images, folder.path('link'));
});

afterAll(() => folder.remove());

const lines = (text: string) => text.trimEnd().split(/\r?\n/);

describe('score', () => {
  it('judges a folder of any depth by the model file alone, and loses no file that it cannot read', async () => {
    writeFileSync(join(images, 'abnormal', 'broken.png'), 'no image');
    writeFileSync(join(images, 'notes.txt'), 'no name of an image');
    const args = ['score', model, images, '--csv', csv, '--heatmaps', heatmaps];
    const { code, stdout, stderr } = await cyclops(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/unreadable: .*broken\.png is not an image.*1 of 15 files could not be read/);
    expect(stderr).toMatch(/scoring 15\/15 [\d.]+ images\/s, 0s left/);
    const rows = lines(stdout).map((line) => line.split('\t'));
    expect(rows).toHaveLength(15);
    expect(rows[0]?.[0]).toBe('abnormal/0.png');
    expect(rows.splice(6, 1)).toEqual([['abnormal/broken.png', '', '', 'unreadable']]);

    const [header, ...entries] = lines(readFileSync(csv, 'utf8')).map((line) => line.split(','));
    expect(header?.slice(0, 6)).toEqual(['file', 'status', 'decided_by', 'threshold', 'sse', 'l1']);
    const [broken] = entries.splice(6, 1);
    expect(broken?.slice(0, 2)).toEqual(['abnormal/broken.png', 'unreadable']);
    expect(entries.map(([file, status]) => [file, status])).toEqual(rows.map(([file, , , status]) => [file, status]));
    const decisive = header?.indexOf(entries[0]?.[2] ?? '') ?? -1;
    expect(entries.map((entry) => entry[decisive])).toEqual(rows.map(([, value]) => value));

    expect(readdirSync(join(heatmaps, 'abnormal'))).toHaveLength(6);
    expect(await decodeImage(join(heatmaps, 'normal', '0.png.heat.png'))).toMatchObject({
      width: 32,
      height: 32,
      channels: 3,
    });
    expect((await cyclops(...args, '--skip-broken')).code).toBe(0);
    rmSync(join(images, 'abnormal', 'broken.png'));
  });

  it('--fail-on-anomaly ends with 3 if and only if something is flagged', async () => {
    const args = ['score', model, join(images, 'normal', '0.png'), '--fail-on-anomaly', '--quiet', '--threshold'];
    const flagged = await cyclops(...args, '-1e9');
    expect([flagged.code, flagged.stdout.includes('\t-1000000000\tflagged\n')]).toEqual([3, true]);
    expect((await cyclops(...args, '1e9')).code).toBe(0);
  });

  it('--fail-on-anomaly ends with 1 where something failed, and says what is flagged beside it', async () => {
    const [mixed, heat] = [folder.path('flagged and broken'), folder.path('flagged-heat')];
    cpSync(join(images, 'normal', '0.png'), join(mixed, '0.png'));
    writeFileSync(join(mixed, 'scan.psd'), '8BPS');
    const args = ['score', model, mixed, '--fail-on-anomaly', '--threshold', '-1e9', '--no-tune'];
    const broken = await cyclops(...args);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/unreadable: .*1 of 2 images flagged\. .*1 of 2 files could not be read/);
    expect((await cyclops(...args, '--skip-broken')).code).toBe(3);
    mkdirSync(heat);
    symlinkSync(join('no such folder', '0.png'), join(heat, '0.png.heat.png'));
    const unwritten = await cyclops(...args, '--skip-broken', '--heatmaps', heat);
    expect([unwritten.code, unwritten.stderr]).toEqual([1, expect.stringMatching(/1 of 2 heat maps could not be/)]);
  });

  it('has a model file that evaluate and translate take too, with the same figures, and that knows what trained it', async () => {
    const evaluate = (from: string, ...options: string[]) => cyclops('evaluate', from, images, '--no-tune', ...options);
    const [byModel, byRun] = [await evaluate(model, '--json'), await evaluate(folder.path('run'), '--json')];
    const { run, ...figures } = JSON.parse(byModel.stdout);
    expect(run).toBe(model);
    expect(JSON.parse(byRun.stdout)).toEqual({ ...figures, run: folder.path('run') });
    expect(figures.counts).toMatchObject({ normal: 3, abnormal: 3, seenInTraining: 0 });
    expect(byModel.stderr).toMatch(/8 images that trained or calibrated the model are not judged/);
    const report = await evaluate(model, '--report', folder.path('r.html'));
    expect([report.code, report.stderr]).toEqual([2, expect.stringMatching(/--report .*Give the run folder/)]);

    const picture = async (from: string, name: string) => {
      const args = [join(images, 'abnormal', '0.png'), '--to', 'normal', '--out', folder.path(name), '--no-tune'];
      expect((await cyclops('translate', from, ...args)).code).toBe(0);
      return readFileSync(folder.path(name, '0_normal.png'));
    };
    expect(await picture(model, 'by model')).toEqual(await picture(folder.path('run'), 'by run'));
  });

  it('says the same by the run folder, also by one from before there were model files', async () => {
    const byModel = await cyclops('score', model, images);
    const run = folder.path('run');
    expect((await cyclops('score', run, images)).stdout).toBe(byModel.stdout);
    rmSync(join(run, 'model.safetensors'));
    expect((await cyclops('score', run, images)).stdout).toBe(byModel.stdout);
    const { heatmap, ...older } = JSON.parse(readFileSync(join(run, 'thresholds.json'), 'utf8'));
    expect(heatmap.images).toBeGreaterThan(0);
    writeFileSync(join(run, 'thresholds.json'), JSON.stringify(older));
    const { code, stderr } = await cyclops('score', run, images, '--heatmaps', heatmaps);
    expect(stderr).toMatch(/before heat maps were calibrated on normal images. Run 'cyclops calibrate'/);
    expect(code).toBe(1);
  });

  it('keeps heat maps inside their folder, and refuses two of one name', async () => {
    const inside = folder.path('inside');
    const path = `${images}/../images/normal/0.png`;
    expect((await cyclops('score', model, path, '--heatmaps', inside, '--quiet')).code).toBe(0);
    expect(
      readdirSync(inside, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png')),
    ).toHaveLength(1);
    const twin = folder.path('images', 'images', 'normal', '0.png');
    cpSync(path, twin);
    const both = await cyclops('score', model, path, twin, '--heatmaps', inside);
    expect(both.stderr).toMatch(/would both have the heat map/);
    expect(both.code).toBe(2);
    rmSync(join(images, 'images'), { recursive: true });
  });

  it('has room for heat maps of images with names as long as a file system takes, and tells them apart', async () => {
    const long = folder.path('long');
    mkdirSync(long);
    const source = readFileSync(join(images, 'normal', '0.png'));
    const names = ['a', 'b'].map((last) => `${'é'.repeat(119)}${last}a.png`);
    for (const name of [...names, 'short.png']) writeFileSync(join(long, name), source);
    const heat = folder.path('heat-of-long');
    const { code, stdout, stderr } = await cyclops('score', model, long, '--heatmaps', heat, '--quiet');
    expect([code, stderr.trim()]).toEqual([0, '']);
    expect(lines(stdout)).toHaveLength(3);
    const made = readdirSync(heat).sort();
    expect(made).toEqual([
      'short.png.heat.png',
      ...Array(2).fill(expect.stringMatching(/^é+~[0-9a-f]{16}\.heat\.png$/)),
    ]);
  });

  it('tells apart the images of two folders, in rows and heat maps, and scores what is given twice once', async () => {
    const folders = ['1', '2'].map((line) => folder.path(`line${line}`));
    for (const [i, line] of folders.entries()) cpSync(join(images, 'normal', `${i}.png`), join(line, '001.png'));
    const heat = folder.path('heat of lines');
    const args = ['score', model, ...folders, join(folders[0] ?? '', '001.png'), '--heatmaps', heat, '--json'];
    const { code, stdout, stderr } = await cyclops(...args);
    expect(code).toBe(0);
    expect(lines(stdout).map((line) => JSON.parse(line).file)).toEqual(folders.map((line) => join(line, '001.png')));
    expect(stderr).toMatch(/passed over: 1 file that was given twice/);
    for (const line of folders) expect(existsSync(join(heat, line, '001.png.heat.png'))).toBe(true);
  });

  it('reads no image of a foreign format, and says so; names with line breaks are one line, and whole in JSON and CSV', async () => {
    const mixed = folder.path('mixed');
    const names = ['bad\nname.png', '=1+1.png', 'lot\\7.png'];
    mkdirSync(mixed);
    for (const name of names) cpSync(join(images, 'normal', '0.png'), join(mixed, name));
    writeFileSync(join(mixed, 'scan.psd'), '8BPS');
    writeFileSync(join(mixed, 'notes.txt'), '');
    const args = ['score', model, mixed, '--fail-on-anomaly', '--threshold', '1e9'];
    const text = await cyclops(...args, '--csv', csv);
    expect(text.code).toBe(1);
    expect(text.stderr).toMatch(
      /1 file that is no image \(notes\.txt\).*unreadable: .*scan\.psd.*1 of 4 files could not/,
    );
    expect(lines(text.stdout).map((line) => line.split('\t')[0])).toEqual([
      '=1+1.png',
      'bad\\nname.png',
      'lot\\7.png',
      'scan.psd',
    ]);
    const table = csvRows(readFileSync(csv, 'utf8'), csv).map(([file = '', status]) => [withoutGuard(file), status]);
    expect(table.slice(1).sort()).toEqual(
      [...names.map((name) => [name, 'passed']), ['scan.psd', 'unreadable']].sort(),
    );
    const json = await cyclops(...args, '--json', '--skip-broken');
    expect(json.code).toBe(0);
    expect(lines(json.stdout).map((line) => JSON.parse(line).file)).toEqual([...names, 'scan.psd'].sort());
  });

  it('shows how far it has come also through files at the end that it cannot read', async () => {
    const broken = ['first', 'second'].map((name) => folder.path(`${name}.png`));
    for (const path of broken) writeFileSync(path, 'no image');
    const some = await cyclops('score', model, join(images, 'normal', '0.png'), ...broken);
    expect(some.stderr).toMatch(/scoring 3\/3 .*2 of 3 files could not be read/);
    expect((await cyclops('score', model, ...broken)).stderr).toMatch(/scoring 2\/2 /);
  });

  it('gives every image its row where images are taken away, and its heat map where it was scored', async () => {
    const [short, table, heat] = [folder.path('short'), folder.path('short.csv'), folder.path('short-heat')];
    for (let i = 0; i < 40; i++) cpSync(join(images, 'normal', '0.png'), join(short, `${i}.png`));
    const { outcome } = start(['score', model, short, '--csv', table, '--heatmaps', heat]);
    const rows = () => (existsSync(table) ? lines(readFileSync(table, 'utf8')).slice(1) : []);
    await until(() => rows().length > 0);
    for (const name of readdirSync(short)) rmSync(join(short, name));
    const { code, stderr } = await outcome;
    expect([code, rows().length]).toEqual([1, 40]);
    expect(stderr).toMatch(/unreadable: cannot read /);
    const scored = rows().flatMap((row) => (row.includes('unreadable') ? [] : [`${row.split(',')[0]}.heat.png`]));
    expect(readdirSync(heat).sort()).toEqual(scored.sort());
  });

  it('goes on where a heat map cannot be written, says which, and leaves no part of one', async () => {
    const [some, heat, table] = [folder.path('some'), folder.path('some-heat'), folder.path('some.csv')];
    for (let i = 0; i < 9; i++) cpSync(join(images, 'normal', `${i % 8}.png`), join(some, `${i}.png`));
    mkdirSync(heat);
    symlinkSync(join('no such folder', '5.png'), join(heat, '5.png.heat.png'));
    const { code, stdout, stderr } = await cyclops('score', model, some, '--csv', table, '--heatmaps', heat);
    expect(stderr).toMatch(/no heat map: .*cannot write .*5\.png\.heat\.png/i);
    expect(stderr).toMatch(/1 of 9 heat maps could not be written; the scores are whole/);
    expect([code, lines(stdout).length, lines(readFileSync(table, 'utf8')).length]).toEqual([1, 9, 1 + 9]);
    const names = Array.from({ length: 9 }, (_, i) => `${i}.png.heat.png`);
    expect(readdirSync(heat).sort()).toEqual(names);
  });

  it('tells how far a large image is', async () => {
    const wide = folder.path('wide.png');
    writeFileSync(
      wide,
      encodePng(
        1402,
        70,
        1,
        Uint8Array.from({ length: 1402 * 70 }, (_, i) => (i * i) % 251),
      ),
    );
    const told: unknown[] = [];
    const asked = { model, images: [wide, join(images, 'normal', '0.png')], tile: 32, tune: false };
    const onProgress = ({ stage, ...progress }: Progress) => told.push(progress);
    for await (const { status } of score({ ...asked, onProgress })) expect(status).not.toBe('unreadable');
    const windows = [0, 1, 2].map((done) => ({ done: 0, total: 2, windows: { file: wide, done, total: 2 } }));
    expect(told).toEqual([{ done: 0, total: 2 }, ...windows, { done: 1, total: 2 }, { done: 2, total: 2 }]);
  });

  it('refuses a table that would overwrite the model, an image, a run or anything that is no such table', async () => {
    const image = join(images, 'normal', '0.png');
    const foreign = folder.path('foreign.csv');
    writeFileSync(foreign, 'file,label\n');
    const others = [model, image, folder.path('link', 'normal', '0.png'), foreign];
    for (const path of [...others, folder.path('run', 'data.json'), folder.path('run', 'checkpoint', 'new.csv')]) {
      const before = existsSync(path) && readFileSync(path);
      const { code, stdout, stderr } = await cyclops('score', model, images, '--csv', path);
      expect([code, stdout, stderr]).toEqual([
        2,
        '',
        expect.stringMatching(/would overwrite a file (of the run|that is)/),
      ]);
      expect(existsSync(path) && readFileSync(path)).toEqual(before);
    }
  });

  it('refuses a table that is no file before it judges anything, and does not wait for who reads a pipe', async () => {
    const pipe = folder.path('pipe');
    execFileSync('mkfifo', [pipe]);
    const score = await cyclops('score', model, images, '--csv', pipe);
    expect([score.code, score.stdout]).toEqual([2, '']);
    expect(score.stderr).toMatch(/--csv takes a file, and .*pipe is a folder, a pipe or a device/);
    for (const option of ['--csv', '--report']) {
      const printed = folder.path('printed');
      const command = `exec "${process.execPath}" ${PROGRAM.join(' ')} evaluate "$1" "$2" ${option} /dev/stdout > "$3"`;
      const { status, stderr } = spawnSync('sh', ['-c', command, 'sh', folder.path('run'), images, printed]);
      expect([status, `${stderr}`.replaceAll('\n', ' ')]).toEqual([
        2,
        expect.stringContaining(`${option} takes a file`),
      ]);
      expect(readFileSync(printed, 'utf8')).toBe('');
    }
  });

  it('keeps the table of before until there is a row to put in its place', async () => {
    const table = folder.path('kept.csv');
    const scored = () => cyclops('score', model, join(images, 'normal'), '--csv', table);
    expect((await scored()).code).toBe(0);
    const before = readFileSync(table, 'utf8');
    expect((await cyclops('score', model, images, '--csv', table, '--device', 'no such device')).code).toBe(1);
    expect(readFileSync(table, 'utf8')).toBe(before);
    expect((await scored()).code).toBe(0);
    expect(readFileSync(table, 'utf8')).toBe(before);
  });

  it('finishes table and exit code when nobody reads what it prints', async () => {
    const table = folder.path('unread.csv');
    const { child, outcome } = start(['score', model, images, '--csv', table, '--fail-on-anomaly', '--threshold', '0']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect((await outcome).code).toBe(3);
    expect(lines(readFileSync(table, 'utf8'))).toHaveLength(15);
  });

  it('writes heat maps over nothing but heat maps', async () => {
    const [out, image] = [folder.path('maps'), join(images, 'normal', '0.png')];
    const target = join(out, '0.png.heat.png');
    const scored = () => cyclops('score', model, join(images, 'normal'), '--heatmaps', out);
    mkdirSync(out);
    cpSync(image, target);
    expect(await scored()).toMatchObject({ code: 2, stderr: expect.stringMatching(/is not a heat map of Cyclops/) });
    expect(readFileSync(target)).toEqual(readFileSync(image));
    rmSync(target);
    for (let times = 0; times < 2; times++) expect((await scored()).code).toBe(0);
    expect((await decodeImage(target)).width).toBe(32);
  });

  it('removes what killed writers of heat maps left an hour ago, and nothing else', async () => {
    const out = folder.path('left');
    mkdirSync(out);
    const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
    const left = ['.0.png.heat.png.0123456789ab.partial', '.table.csv.0123456789ab.partial', 'notes.partial'];
    for (const name of left) {
      writeFileSync(join(out, name), 'half');
      utimesSync(join(out, name), hoursAgo, hoursAgo);
    }
    const { code } = await cyclops('score', model, join(images, 'normal'), '--heatmaps', out);
    const others = readdirSync(out).filter((name) => !name.endsWith('.heat.png'));
    expect([code, others.sort()]).toEqual([0, left.slice(1)]);
    expect(readdirSync(out)).toContain('0.png.heat.png');
  });

  it('refuses heat maps in a folder whose images it scores', async () => {
    for (const inside of [images, join(images, 'normal', 'heat'), folder.path('link', 'heat')]) {
      const { code, stdout, stderr } = await cyclops('score', model, images, '--heatmaps', inside);
      expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(/Choose a folder outside it/)]);
    }
    // Below the folder of heat maps they lie as the images do, here among them.
    const classes = ['normal', 'abnormal'].map((name) => join(images, name));
    for (const given of [classes, [join(images, 'normal', '0.png')]]) {
      const { code, stderr } = await cyclops('score', model, ...given, '--heatmaps', parse(images).root);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/among the images of .*Choose a folder outside/)]);
    }
    // Nor among others, which another command may learn from.
    const one = folder.path('one.png');
    cpSync(join(images, 'normal', '0.png'), one);
    const { code, stderr } = await cyclops('score', model, one, '--heatmaps', join(images, 'normal'));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/among those that lie there, such as 0\.png/)]);
    expect(readdirSync(images, { recursive: true, encoding: 'utf8' }).join()).not.toContain('heat');
  });

  it('refuses a heat map that would overwrite an image', async () => {
    const [first, second] = [folder.path('own', 'a.png'), folder.path('own', 'a.png.heat.png')];
    for (const path of [first, second]) cpSync(join(images, 'normal', '0.png'), path);
    const before = readFileSync(second);
    // Below the folder each heat map lies where the given path leads.
    const { code, stderr } = await cyclops('score', model, first, second, '--heatmaps', parse(first).root);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/would overwrite .*a\.png\.heat\.png/)]);
    expect(readFileSync(second)).toEqual(before);
  });

  it('refuses a folder without images, and a file that is no model', async () => {
    mkdirSync(folder.path('empty'));
    expect((await cyclops('score', model, folder.path('empty'))).stderr).toMatch(/holds no image/);
    const { code, stderr } = await cyclops('score', join(images, 'normal', '0.png'), images);
    expect(stderr).toMatch(/0\.png is not a complete safetensors file/);
    expect(code).toBe(1);
  });
});

describe('score --watch', () => {
  it('scores what comes into a folder until Ctrl-C, and ends as a run over the same files does', async () => {
    const watched = folder.path('line');
    mkdirSync(watched);
    cpSync(join(images, 'normal', '0.png'), join(watched, 'before.png'));
    const [table, heat] = [folder.path('watch.csv'), folder.path('watch-heat')];
    const args = ['score', model, '--watch', watched, '--csv', table, '--heatmaps', heat, '--no-tune'];
    const { child, outcome } = start(args);
    let said = '';
    child.stderr?.on('data', (text) => {
      said += text;
    });
    const scored = () => (existsSync(table) ? lines(readFileSync(table, 'utf8')).length - 1 : 0);
    // What comes before the folder is looked at for the first time would count as lying there already.
    await until(() => /What\s+lies\s+in/.test(said));
    expect(existsSync(table)).toBe(false);
    cpSync(join(images, 'abnormal', '1.png'), join(watched, 'a.png'));
    await until(() => scored() === 1);
    writeFileSync(join(watched, 'b.png'), 'no image');
    mkdirSync(join(watched, 'below'));
    cpSync(join(images, 'normal', '2.png'), join(watched, 'below', 'c.png'));
    symlinkSync('nowhere', join(watched, 'dead.png'));
    const late = readFileSync(join(images, 'normal', '1.png'));
    writeFileSync(join(watched, 'paused.png'), late.subarray(0, 900));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    appendFileSync(join(watched, 'paused.png'), late.subarray(900));
    await until(() => scored() === 5);
    writeFileSync(join(watched, 'dead-no-more.png'), late);
    renameSync(join(watched, 'dead-no-more.png'), join(watched, 'dead.png'));
    await until(() => scored() === 6);
    for (const name of ['late-1.png', 'late-2.png']) cpSync(join(images, 'normal', '2.png'), join(watched, name));
    child.kill('SIGINT');
    const { code, stdout, stderr } = await outcome;
    expect(code).toBe(1);
    expect(stderr).toMatch(/2\s+images\s+that\s+came\s+into\s+\S+\s+at\s+the\s+end\s+were\s+not\s+judged/);
    expect(stderr).toMatch(/What lies in .* already, 1 image, is not scored/);
    expect(stderr).toMatch(/unreadable: .*b\.png is not an image.*1 of 5 files could not be read/);
    // Not what its writer paused in; and what led nowhere for ten seconds is an image in the end.
    expect(stderr.match(/unreadable: \S+/g)).toHaveLength(2);
    expect(lines(stdout).filter((line) => line.startsWith('dead.png'))).toEqual([
      expect.stringMatching(/unreadable$/),
      expect.not.stringMatching(/unreadable$/),
    ]);
    const again = await cyclops('score', model, watched, '--no-tune');
    const told = new Set(lines(again.stdout).filter((line) => !/^(before|late-\d)\.png/.test(line)));
    expect(new Set([...lines(stdout)].filter((line) => !line.startsWith('dead.png\t\t')))).toEqual(told);
    expect(readdirSync(heat).sort()).toEqual(['a.png.heat.png', 'below', 'dead.png.heat.png', 'paused.png.heat.png']);
  });

  it('finishes and gives out nothing of a file whose writer pauses before it is whole', async () => {
    const watched = folder.path('paused');
    mkdirSync(watched);
    cpSync(join(images, 'normal', '0.png'), join(watched, 'before.png'));
    const whole = readFileSync(join(images, 'normal', '1.png'));
    const controller = new AbortController();
    const finished: string[] = [];
    const given: string[] = [];
    const writeWithPause = async () => {
      writeFileSync(join(watched, 'a.png'), whole.subarray(0, 900));
      await new Promise((resolve) => setTimeout(resolve, 3000));
      appendFileSync(join(watched, 'a.png'), whole.subarray(900));
    };
    const scoring = score({
      ...{ model, images: [watched], watch: true, tune: false, signal: controller.signal },
      onWarning: () => void writeWithPause(),
      finish: async ({ file, status }) => void finished.push(`${file} ${status}`),
    });
    for await (const { file, status } of scoring) {
      given.push(`${file} ${status}`);
      controller.abort();
    }
    expect(given).toEqual([expect.stringMatching(/^a\.png (passed|flagged)$/)]);
    expect(finished).toEqual(given);
  });

  it('says once, at the first JPEG file, that its model learned from others, as a run over them does', async () => {
    const watched = folder.path('jpegs');
    mkdirSync(watched);
    cpSync(join(images, 'normal', '0.png'), join(watched, 'before.png'));
    const older = ofOtherDecoder(model, folder.path('older.safetensors'));
    const { child, outcome } = start(['score', older, '--watch', watched, '--no-tune']);
    let [said, scored] = ['', ''];
    child.stderr?.on('data', (text) => {
      said += text;
    });
    child.stdout?.on('data', (text) => {
      scored += text;
    });
    await until(() => /What\s+lies\s+in/.test(said));
    const jpeg = await encodeJpeg({ width: 32, height: 32, channels: 1, pixels: new Uint8Array(1024).fill(9) }, 90);
    for (const [i, name] of ['a.png', 'b.jpg', 'c.png'].entries()) {
      if (name === 'a.png') cpSync(join(images, 'normal', '1.png'), join(watched, name));
      else writeFileSync(join(watched, name), jpeg);
      await until(() => scored.split('\n').length > i + 1);
    }
    child.kill('SIGINT');
    const { stderr } = await outcome;
    expect(stderr.match(/JPEG files were read by another decoder/g)).toHaveLength(1);
    const { stderr: again } = await cyclops('score', older, watched, '--no-tune');
    expect(again).toMatch(/another decoder.*for 2 of 4 images/);
  });

  it('makes no heat maps of heat maps, where a link leads from one folder to the other', async () => {
    const [watched, heat] = [folder.path('linked'), folder.path('linked-heat')];
    for (const made of [watched, heat]) mkdirSync(made);
    symlinkSync(heat, join(watched, 'made'));
    cpSync(join(images, 'normal', '0.png'), join(watched, 'before.png'));
    const { child, outcome } = start([
      ...['score', model, '--watch', watched, '--follow-links'],
      ...['--heatmaps', heat, '--no-tune'],
    ]);
    let said = '';
    child.stderr?.on('data', (text) => {
      said += text;
    });
    await until(() => /What\s+lies\s+in/.test(said));
    cpSync(join(images, 'normal', '0.png'), join(watched, 'a.png'));
    await until(() => /no\s+heat\s+map/.test(said));
    child.kill('SIGINT');
    const { stderr } = await outcome;
    expect(stderr).toMatch(/no heat map: \S+made\/a\.png\.heat\.png was written by Cyclops itself/);
    expect(readdirSync(heat)).toEqual(['a.png.heat.png']);
  });

  it('refuses a table that another process writes, by whatever name, and leaves it whole', async () => {
    const [watched, held, table, link] = ['watched-too', 'held', 'table.csv', 'table-link.csv'].map((name) =>
      folder.path(name),
    ) as [string, string, string, string];
    mkdirSync(watched);
    mkdirSync(held);
    symlinkSync(table, link);
    const first = start(['score', model, '--watch', watched, '--csv', table, '--no-tune']);
    await until(() => existsSync(folder.path('.table.csv.lock')));
    // It is whole when it gets this name.
    cpSync(join(images, 'normal', '0.png'), join(held, 'a.png'));
    const second = await cyclops('score', model, images, '--csv', link, '--no-tune');
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toMatch(
      new RegExp(`The table .*table-link\\.csv is in the hands of process ${first.child.pid} `),
    );
    expect(existsSync(table)).toBe(false);
    renameSync(join(held, 'a.png'), join(watched, 'a.png'));
    await until(() => existsSync(table) && lines(readFileSync(table, 'utf8')).length === 2);
    first.child.kill('SIGINT');
    await first.outcome;
    expect(lines(readFileSync(table, 'utf8'))[1]).toMatch(/^a\.png,/);
    expect(existsSync(folder.path('.table.csv.lock'))).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s in the midst of it ends with 130', async (name) => {
    const many = folder.path('many');
    mkdirSync(many, { recursive: true });
    for (let i = 0; i < 2000; i++) cpSync(join(images, 'normal', '0.png'), join(many, `${i}.png`));
    const { child, outcome } = start(['score', model, many, '--quiet', '--no-tune']);
    child.stdout?.once('data', () => child.kill(name));
    const { code, signal, stdout, stderr } = await outcome;
    expect([code, signal]).toEqual([130, null]);
    const judged = lines(stdout).length;
    expect(judged).toBeLessThan(2000);
    expect(stderr).toContain(`${2000 - judged} of 2000 images were not judged.`);
  });

  it('takes a folder or images, not both and not neither', async () => {
    const both = await cyclops('score', model, images, '--watch', images);
    expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/was given too\. Leave out either/)]);
    const neither = await cyclops('score', model);
    expect([neither.code, neither.stderr]).toEqual([2, expect.stringMatching(/No image was given/)]);
    const file = await cyclops('score', model, '--watch', join(images, 'normal', '0.png'));
    expect([file.code, file.stderr]).toEqual([2, expect.stringMatching(/One folder can be watched/)]);
  });
});
