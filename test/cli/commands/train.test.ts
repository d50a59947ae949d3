import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { checkpointBytes, cyclops, makeData, type Outcome, SMALL, start, temporaryFolder, until } from '../support.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const run = folder.path('run');
let trained: Outcome;

const train = (out: string, ...options: string[]) => [
  'train',
  data,
  '--out',
  out,
  ...SMALL,
  '--steps',
  '20',
  ...options,
];
const steps = (out: string): number[] =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).step);

// Each test waits for processes that share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(async () => {
  makeData(data, { normal: 8, abnormal: 6 });
  trained = await cyclops(...train(run));
});

afterAll(() => folder.remove());

describe('train', () => {
  it('writes a whole run and says what comes next', () => {
    expect(trained.code).toBe(0);
    expect(trained.stdout).toContain('cyclops evaluate');
    expect(trained.stdout).toMatch(
      /calibration part \(1 normal, 1 abnormal images\).*\(zfn\+0\.1\)\.\nThere it misses 0 of 1 abnormal .*\nScores were not combined: .*\nNo miss among n = 1 abnormal/,
    );
    expect(trained.stdout).toMatch(/at most 95 % with 95 % confidence.*at most 50 % on average/);
    expect(trained.stdout).toContain('58 more for 5 %, 298 more for 1 %');
    expect(trained.stderr).toMatch(
      /training 20\/20 epoch 5\/5 [\d.]+ images\/s, 0s left \| G [\d.]+ [\d.]+ D .* cycle .* idt /,
    );
    expect(readdirSync(run).sort()).toEqual(
      [
        'calibration.txt',
        'checkpoint',
        'data.json',
        'metrics.jsonl',
        'model.safetensors',
        'test.txt',
        'thresholds.json',
        'train.txt',
      ].sort(),
    );
    expect(steps(run)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(readFileSync(join(run, 'test.txt'), 'utf8').trimEnd().split('\n')).toHaveLength(6);
    expect(readFileSync(join(run, 'calibration.txt'), 'utf8').trimEnd().split('\n')).toHaveLength(2);
    const { images } = JSON.parse(readFileSync(join(run, 'data.json'), 'utf8'));
    expect(images.map(({ part }: { part: string }) => part)).toEqual([
      ...Array(6).fill('train'),
      ...Array(2).fill('calibration'),
    ]);
    expect(existsSync(join(data, 'test.txt'))).toBe(false);
  });

  it('quiet says nothing, and the same seed gives the same bits', async () => {
    const again = folder.path('again');
    expect(await cyclops(...train(again), '--quiet')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(checkpointBytes(again)).toEqual(checkpointBytes(run));
    expect(readFileSync(join(again, 'thresholds.json'))).toEqual(readFileSync(join(run, 'thresholds.json')));
  });

  it('Ctrl-C finishes the step, saves, ends with 130, and --resume gives the bits of an uninterrupted run', async () => {
    const out = folder.path('run that is interrupted');
    const { child, outcome } = start(train(out, '--skip-broken', '--no-tune'));
    await until(() => existsSync(join(out, 'checkpoint')));
    child.kill('SIGINT');
    const { code, stderr } = await outcome;
    expect(stderr).toMatch(/Stopping after this step, with a checkpoint/);
    expect(stderr).toContain(`Continue with: cyclops train ${data} --out '${out}' --resume --skip-broken --no-tune`);
    expect(code).toBe(130);
    const done = steps(out).length;
    expect(done).toBeLessThan(20);
    expect(JSON.parse(readFileSync(join(out, 'checkpoint', 'position.json'), 'utf8')).step).toBe(done);
    expect(existsSync(join(out, 'thresholds.json'))).toBe(false);

    const early = await cyclops('evaluate', out, data);
    expect(early).toMatchObject({ code: 1, stdout: '' });
    expect(early.stderr).toMatch(/no thresholds yet.*--resume/);

    expect((await cyclops('train', data, '--out', out, '--resume', '--quiet')).code).toBe(0);
    expect(checkpointBytes(out)).toEqual(checkpointBytes(run));
    expect(readFileSync(join(out, 'metrics.jsonl'))).toEqual(readFileSync(join(run, 'metrics.jsonl')));
  });

  it('kill -9 between checkpoints loses no line and doubles none', async () => {
    const out = folder.path('killed');
    const { child, outcome } = start(train(out));
    const lines = () => readFileSync(join(out, 'metrics.jsonl'), 'utf8').split('\n').length - 1;
    await until(() => existsSync(join(out, 'metrics.jsonl')) && lines() >= 3);
    child.kill('SIGKILL');
    expect((await outcome).signal).toBe('SIGKILL');
    expect((await cyclops('train', data, '--out', out, '--resume', '--quiet')).code).toBe(0);
    expect(checkpointBytes(out)).toEqual(checkpointBytes(run));
    expect(readFileSync(join(out, 'metrics.jsonl'))).toEqual(readFileSync(join(run, 'metrics.jsonl')));
  });

  it('trains a run by one process at a time, which loses nothing, and takes over what a killed one left behind', async () => {
    const out = folder.path('twice');
    const args = ['train', data, '--out', out, ...SMALL, '--steps', '5000', '--no-tune'];
    const first = start(args);
    const { pid } = first.child;
    await until(() => existsSync(join(out, 'training.lock')));
    for (const more of [[], ['--resume']]) {
      // There is nothing to resume before the first checkpoint.
      if (more.length > 0) await until(() => existsSync(join(out, 'checkpoint')));
      const second = await cyclops(...args, ...more);
      const refused = new RegExp(`The run in .*twice is in the hands of process ${pid} on `);
      expect([second.code, second.stderr.replace(/\s+/g, ' ')]).toEqual([1, expect.stringMatching(refused)]);
    }
    first.child.kill('SIGKILL');
    await first.outcome;
    const lines = () => readFileSync(join(out, 'metrics.jsonl'), 'utf8').split('\n').length;
    const before = lines();
    const resumed = start([...args, '--resume']);
    await until(() => lines() > before);
    resumed.child.kill('SIGINT');
    const { code, stderr } = await resumed.outcome;
    expect(code).toBe(130);
    const told = new RegExp(`The run in .*twice was left locked by process ${pid}, .* It is taken over`);
    expect(stderr.replace(/\s+/g, ' ')).toMatch(told);
    const logged = steps(out);
    expect(logged).toEqual(Array.from(logged, (_, i) => i + 1));
    expect(existsSync(join(out, 'training.lock'))).toBe(false);
  });

  it('refuses to resume with other options or images, or over another run', async () => {
    const options = await cyclops('train', data, '--out', run, '--resume', '--lr', '0.1');
    expect(options.stderr).toMatch(/--lr 0.1 differs from the 0.0002/);
    expect(options.code).toBe(2);
    const precision = await cyclops('train', data, '--out', run, '--resume', '--precision', 'mixed');
    expect(precision.stderr).toMatch(/--precision mixed differs from the f32/);
    expect(precision.code).toBe(2);
    const preset = await cyclops('train', data, '--out', run, '--resume', '--preset', 'segment');
    expect(preset.stderr.replace(/\s+/g, ' ')).toMatch(
      /The preset segment means --\S+ \S+, which differs from the .*Leave --preset out/,
    );
    expect(preset.code).toBe(2);

    const parts = await cyclops('train', data, '--out', run, '--resume', '--calibration-share', '0.5');
    expect(parts.stderr).toMatch(/--calibration-share, --folds and --group-by divide the images of a new run/);
    expect(parts.code).toBe(2);

    const images = makeData(folder.path('other data'), { normal: 8, abnormal: 6 }, 20);
    const other = await cyclops('train', images, '--out', run, '--resume');
    expect(other.stderr).toMatch(/not those that the run .* began with/);
    expect(other.code).toBe(1);

    const over = await cyclops(...train(run));
    expect(over.stderr).toMatch(/is not empty.*--resume/);
    expect(over.code).toBe(1);
  });
});

describe('calibrate', () => {
  const thresholds = () => JSON.parse(readFileSync(join(run, 'thresholds.json'), 'utf8'));

  it('chooses by another rule or takes a given threshold, on the same images, and again as training did', async () => {
    const before = thresholds();
    const f1 = await cyclops('calibrate', run, '--rule', 'max-f1', '--json', '--quiet');
    expect(f1).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(f1.stdout)).toEqual(thresholds());
    expect(thresholds()).toMatchObject({
      rule: 'max-f1',
      chosenOn: 'calibration',
      counts: before.counts,
      dataHash: before.dataHash,
    });

    const given = await cyclops('calibrate', run, '--threshold', '0.25');
    expect(given.stdout).toMatch(/threshold 0.25 \(given by --threshold\)/);
    const judged = await cyclops('evaluate', run, data, '--json');
    expect(JSON.parse(judged.stdout).chosen.threshold).toEqual({ value: 0.25, rule: 'given', chosenOn: 'user' });

    expect((await cyclops('calibrate', run)).code).toBe(0);
    expect(thresholds()).toEqual(before);
    const once = await cyclops('evaluate', run, data, '--threshold', '0.5');
    expect(once.stdout).toMatch(/at the threshold 0.5 given for .* else the one chosen on the calibration part/);
    expect(thresholds()).toEqual(before);
  });

  it('takes the training images of a run without a calibration part, and says so', async () => {
    const out = folder.path('uncalibrated');
    const { stdout } = await cyclops(...train(out), '--calibration-share', '0');
    expect(stdout).toMatch(/training part \(5 normal, 3 abnormal images\).*need not hold on new ones/s);
    expect(stdout).toMatch(
      /^Heat maps show [\w]+: a pixel above .* is hot; of normal images like these 5 at most 16.7 % have one\.$/m,
    );
    expect(existsSync(join(out, 'calibration.txt'))).toBe(false);
    expect(JSON.parse(readFileSync(join(out, 'thresholds.json'), 'utf8')).chosenOn).toBe('train');
  });

  it('refuses a rule that is none, and images that are not those of the run', async () => {
    expect((await cyclops('calibrate', run, '--rule', 'best')).code).toBe(2);
    const images = makeData(folder.path('others'), { normal: 8, abnormal: 6 }, 20);
    const { code, stderr } = await cyclops('calibrate', run, '--data', images);
    expect(stderr).toMatch(/others.* is not the image that the run .* began with/);
    expect(code).toBe(1);
  });
});

describe('evaluate', () => {
  it('--json prints one object on standard output and nothing else', async () => {
    const { code, stdout } = await cyclops(
      'evaluate',
      run,
      data,
      '--json',
      '--csv',
      folder.path('e.csv'),
      '--report',
      folder.path('r.html'),
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(stdout.startsWith('{')).toBe(true);
    expect(result.counts).toMatchObject({ normal: 3, abnormal: 3, total: 6, skipped: 0, seenInTraining: 0 });
    const { scores } = JSON.parse(readFileSync(join(run, 'thresholds.json'), 'utf8'));
    const names = Object.keys(scores);
    expect(names.length).toBeGreaterThan(28);
    expect(Object.keys(result.scores)).toEqual(names);
    expect(result.steganography.images).toEqual({ normal: 3, abnormal: 3, masked: 0 });
    expect(Object.keys(result.steganography.moved.noisy)).toEqual(names);
    expect(result.scores.sse.paper).toBe(true);
    for (const name of Object.keys(result.scores)) {
      expect(result.scores[name]).toMatchObject({
        auroc: expect.any(Number),
        accZfn: { oracle: true },
        bestAccuracy: { oracle: true, threshold: { chosenOn: 'test' } },
        calibrated: { oracle: false, threshold: { chosenOn: 'calibration', rule: 'zfn+0.1' } },
      });
    }
    expect(result.chosen).toMatchObject({ chosenOn: 'calibration', counts: { normal: 1, abnormal: 1 } });
    expect(result.baseline).toMatchObject({ chosenOn: 'calibration', auroc: expect.any(Number), calibrationAuroc: 1 });
    expect(result.learned).toEqual({
      normalChange: result.steganography.change.normal,
      discriminators: { dn: result.scores.dn.calibrationAuroc, da_dn: result.scores.da_dn.calibrationAuroc },
      warnings: expect.any(Array),
    });
    // A few steps teach nothing.
    expect(result.learned.warnings.join()).toMatch(/has not learned/);
    const { kept, leftOut } = result.pictures;
    expect(kept.missed + kept.falseAlarms + kept.others).toBe(6);
    expect(leftOut).toEqual({ missed: 0, falseAlarms: 0, others: 0 });
    expect(result.device).toMatch(/\S/);

    const rows = readFileSync(folder.path('e.csv'), 'utf8').trimEnd().split('\r\n');
    expect(rows[0]).toBe(`file,label,type,${names.join(',')},decided_by,threshold,flag,reason`);
    expect(rows).toHaveLength(7);
    const page = readFileSync(folder.path('r.html'), 'utf8');
    expect(page.match(/<article class="card/g)).toHaveLength(6);
    expect(page.match(/data:image\/jpeg;base64/g)).toHaveLength(18);

    const report = JSON.parse(readFileSync(folder.path('r.json'), 'utf8'));
    expect(report).toMatchObject({
      format: 'cyclops report',
      dataset: { trainNormal: 4, trainAbnormal: 2, leftOut: 8 },
      evaluation: { counts: result.counts, chosen: result.chosen, best: result.best },
      steganography: result.steganography,
      learned: result.learned,
      pictures: result.pictures,
      assessment: { bootstrap: { units: { normal: 3, abnormal: 3 } } },
    });
    expect(report.evaluation.images).toHaveLength(6);
    for (const name of names) {
      const { auroc, calibrated, bestAccuracy, zfn } = report.assessment.scores[name];
      expect(auroc.value).toBe(result.scores[name].auroc);
      expect([calibrated.oracle, bestAccuracy.oracle, zfn.oracle]).toEqual([false, true, true]);
    }
  });

  it('leaves pictures out that have no room, and says so', async () => {
    const { stdout } = await cyclops(
      ...['evaluate', run, data, '--json', '--report', folder.path('few.html'), '--pictures', '10kB'],
    );
    const { pictures, counts } = JSON.parse(stdout);
    const { budget, bytes, kept, leftOut } = pictures;
    expect(budget).toBe(10_000);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(10_000);
    const page = readFileSync(folder.path('few.html'), 'utf8');
    const all = Object.values<number>(kept).reduce((sum, count) => sum + count, 0);
    expect(all).toBeLessThan(counts.total);
    expect(all + Object.values<number>(leftOut).reduce((sum, count) => sum + count, 0)).toBe(counts.total);
    expect(page.match(/data:image\/jpeg;base64/g)).toHaveLength(3 * all);
    expect(page).toContain('may take 10 kB of this page');
  });

  it('prints a table that marks the paper and the choice, and judges what did not train', async () => {
    const { stdout, stderr } = await cyclops('evaluate', run, data);
    expect(stdout).toMatch(/^3 normal and 3 abnormal images$/m);
    expect(stdout).toMatch(/^sse .*the paper's/m);
    expect(stdout).toContain('decides');
    expect(stdout).toMatch(/^simplest statistic \(.*; chosen on the calibration part\): AUROC [\d.]+\.$/m);
    expect(stdout).toMatch(
      /^hiding: of 3 normal and 3 abnormal images.*\n(G_a2n changes .* of abnormal and .* of normal images\.)$/m,
    );
    expect(stderr).toMatch(/8 images that trained or calibrated the model are not judged/);
  });

  it('takes a folder that has only a test part, and notices images that trained', async () => {
    const testOnly = folder.path('test only');
    makeData(testOnly, { normal: 8, abnormal: 6 });
    const all = ['normal', 'abnormal'].flatMap((label) =>
      readdirSync(join(testOnly, label)).map((name) => `${label}/${name}\n`),
    );
    writeFileSync(join(testOnly, 'train.txt'), '');
    writeFileSync(join(testOnly, 'test.txt'), all.join(''));
    const { code, stdout } = await cyclops('evaluate', run, testOnly, '--json', '--quiet');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.counts).toMatchObject({ normal: 8, abnormal: 6, seenInTraining: 8 });
    expect(result.scores.sse.calibrated.oracle).toBe(true);
  });
});

describe('score and translate', () => {
  const images = [join(data, 'normal', '0.png'), join(data, 'abnormal', '0.png')];

  it('score prints a line each', async () => {
    const { code, stdout } = await cyclops('score', run, ...images, '--by', 'sse');
    expect(code).toBe(0);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.map(([file]) => file)).toEqual(images);
    const thresholds = JSON.parse(readFileSync(join(run, 'thresholds.json'), 'utf8'));
    for (const [, value, threshold, flag] of rows) {
      expect(Number(threshold)).toBe(thresholds.scores.sse.threshold.value);
      expect(flag).toBe(Number(value) >= Number(threshold) ? 'flagged' : 'passed');
    }
  });

  it('score refuses a score that is none', async () => {
    expect((await cyclops('score', run, ...images, '--by', 'toString')).code).toBe(2);
    const { code, stderr } = await cyclops('score', run, ...images, '--by', 'beauty');
    expect(stderr).toMatch(/no score 'beauty'.* sse, l1/);
    expect(code).toBe(2);
  });

  it('translate refuses two images of one name', async () => {
    const args = ['translate', run, '--to', 'normal', '--out', folder.path('twins'), 'a/x.png', 'b/x.jpg'];
    const { code, stderr } = await cyclops(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining('a/x.png and b/x.jpg would both be written')]);
  });

  it('translate writes what each generator makes', async () => {
    const out = folder.path('translated');
    await Promise.all([
      cyclops('translate', run, '--to', 'normal', '--out', out, images[1] ?? ''),
      cyclops('translate', run, '--to', 'abnormal', '--out', out, images[1] ?? ''),
    ]);
    expect(readdirSync(out).sort()).toEqual(['0_abnormal.png', '0_normal.png']);
    const translated = ['normal', 'abnormal'].map((to) => decodeImage(join(out, `0_${to}.png`)));
    const [normal, abnormal] = await Promise.all(translated);
    expect([normal?.width, normal?.height, normal?.channels]).toEqual([32, 32, 3]);
    expect(normal?.pixels).not.toEqual(abnormal?.pixels);

    // A broken one costs itself alone.
    const [none, again] = [folder.path('none.png'), folder.path('translated-again')];
    writeFileSync(none, 'no image');
    const around = ['translate', run, '--to', 'normal', '--out', again, none, images[1] ?? ''];
    const failed = await cyclops(...around);
    expect([failed.code, readdirSync(again)]).toEqual([1, ['0_normal.png']]);
    expect(failed.stderr).toMatch(/unreadable: \S+none\.png is not an image.* 1 of 2 files could not be read/);
    expect((await cyclops(...around, '--skip-broken')).code).toBe(0);

    // They come to lie among what is trained with, by another hand.
    const mixed = folder.path('mixed');
    cpSync(data, mixed, { recursive: true });
    for (const name of readdirSync(out)) cpSync(join(out, name), join(mixed, 'normal', name));
    const { code, stderr } = await cyclops(...train(folder.path('of-own'), '--steps', '1').with(1, mixed));
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /Warning: (1 image was|2 images were) written by Cyclops itself, .* such as normal\/0_(ab)?normal\.png/,
      ),
    ]);
  });
});
