import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCalibration } from '../../../src/anomaly/calibration/calibration-file.ts';
import { readFoldScores } from '../../../src/anomaly/calibration/fold-scores.ts';
import { readIndex } from '../../../src/cli/verify/golden.ts';
import { readCheckpointHead } from '../../../src/cyclegan/run/checkpoint-head.ts';
import { readDataRecord } from '../../../src/cyclegan/run/data-record.ts';
import { readMetrics } from '../../../src/cyclegan/run/metrics-log.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import type { ImageRef } from '../../../src/data/datasets/dataset.ts';
import { applyIndex } from '../../../src/data/datasets/index-file.ts';
import { applyLists, readLists } from '../../../src/data/datasets/lists.ts';
import { list, object, text } from '../../../src/data/files/schema.ts';
import { readJob } from '../../../src/workflow/shards/job.ts';
import { readSweep } from '../../../src/workflow/sweep-file.ts';
import { type Reader, requireFact, SEEDS } from '../reader.ts';
import { laid } from '../scratch.ts';

const encode = (text: string) => new TextEncoder().encode(text);

/** A file that a training wrote. */
function made(...path: string[]): Uint8Array {
  return readFileSync(join(process.env[SEEDS] ?? '', ...path));
}

/** The manifest of a checkpoint as it was before there were checksums. */
function unsealed(): Uint8Array {
  const { crc32: _, ...manifest } = JSON.parse(new TextDecoder().decode(made('run', 'checkpoint', 'manifest.json')));
  return encode(JSON.stringify(manifest));
}

/** A reader of one file of a folder. */
function ofFile(name: string, file: string, seeds: Reader['seeds'], read: (folder: string) => unknown): Reader {
  return { name, weight: 4, seeds, read: (input) => read(laid(name, file, input)) };
}

const IMAGES: readonly ImageRef[] = ['normal/a.png', 'normal/b c.png', 'abnormal/é.png', 'abnormal/=d.png'].map(
  (file) => ({ path: `/data/${file}`, file, label: file.startsWith('normal') ? 'normal' : 'abnormal' }),
);

const INDEX = [
  'file,group,type\nnormal/a.png,1,\nnormal/b c.png,2,\nabnormal/é.png,3,"scratch, long"\nabnormal/=d.png,3,hole\n',
  ',file,group\r\n0,normal/a.png,x\r\n1,abnormal/é.png,y\r\n',
  'file;group\nnormal/a.png;1\nabnormal/=d.png;2\n',
];

const LISTS = ['normal/a.png\nabnormal/é.png\n', '# chosen by hand\n\n"normal/b c.png"\nabnormal/=d.png\r\n'];

const SWEEP = {
  sets: { pits: 'data/pits', tiles: '/data/tiles' },
  options: { small: { preset: 'quick', ngf: 8, flip: true, range: 'full' }, none: {} },
  seeds: [0, 1],
};

export const texts: readonly Reader[] = [
  ofFile(
    'thresholds',
    'thresholds.json',
    () => [made('run', 'thresholds.json')],
    (folder) => readCalibration(runFolder(folder)),
  ),
  ofFile(
    'fold-scores',
    'fold-scores.json',
    () => [made('run', 'fold-scores.json')],
    (folder) => readFoldScores(runFolder(folder)),
  ),
  ofFile(
    'data-record',
    'data.json',
    () => [made('run', 'data.json')],
    (folder) => readDataRecord(join(folder, 'data.json')),
  ),
  ofFile(
    'metrics',
    'metrics.jsonl',
    () => [made('run', 'metrics.jsonl')],
    (folder) => {
      const { records } = readMetrics(join(folder, 'metrics.jsonl'));
      requireFact(
        records.every(({ step, epoch }) => step >= 1 && epoch >= 1),
        'a step before the first',
      );
    },
  ),
  ...['position.json', 'config.json', 'manifest.json'].map((file) => {
    const name = `checkpoint-${file.replace('.json', '')}`;
    return ofFile(
      name,
      `checkpoint/${file}`,
      () =>
        file === 'manifest.json' ? [made('run', 'checkpoint', file), unsealed()] : [made('run', 'checkpoint', file)],
      (folder) => {
        // Checksums would refuse every change of the others before anything else looks at them.
        if (file !== 'manifest.json') laid(name, 'checkpoint/manifest.json', unsealed());
        for (const other of ['position.json', 'config.json', 'kernels.json']) {
          if (other !== file) laid(name, `checkpoint/${other}`, made('run', 'checkpoint', other));
        }
        return readCheckpointHead(join(folder, 'checkpoint'));
      },
    );
  }),
  ofFile('job', 'job.json', () => [made('job', 'job.json')], readJob),
  ofFile(
    'sweep',
    'sweep.json',
    () => [encode(JSON.stringify(SWEEP))],
    (folder) => {
      const { runs } = readSweep(join(folder, 'sweep.json'));
      requireFact(runs.length > 0, 'a sweep without trainings');
    },
  ),
  ofFile(
    'index',
    'index.csv',
    () => INDEX.map(encode),
    (folder) => {
      const { images } = applyIndex(folder, [...IMAGES]);
      requireFact(images.length === IMAGES.length, `${images.length} images`);
    },
  ),
  ofFile(
    'lists',
    'train.txt',
    () => LISTS.map(encode),
    (folder) => applyLists([...IMAGES], readLists(folder), folder),
  ),
  ofFile(
    'golden',
    'index.json',
    () => [encode('{"seed": 1, "cases": [{"name": "a", "inputs": ["x"]}]}')],
    (folder) => readIndex(folder, object({ name: text, inputs: list(text) })),
  ),
];
