import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Calibration } from '../../../src/anomaly/calibration/calibration.ts';
import type { DetectorNetworks } from '../../../src/anomaly/detector/detector-networks.ts';
import { decodeModel, loadModel } from '../../../src/anomaly/detector/model-file.ts';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import { scoreImages } from '../../../src/anomaly/detector/score-images.ts';
import { readModel, writeCalibrated } from '../../../src/anomaly/detector/stored-model.ts';
import { scoresFor } from '../../../src/anomaly/scores/list.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/data/files/safetensors.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { Device } from '../../../src/gpu/device.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK, trainNew } from '../../cyclegan/run/trainer-support.ts';
import { expectRefusal, randomNumbers, survives } from '../../data/support.ts';

const folder = temporaryFolder();
const path = folder.path('model.safetensors');
const calibration: Calibration = {
  rule: 'zfn',
  chosenOn: 'calibration',
  dataHash: 'abc',
  chosen: 'sse',
  counts: { normal: 4, abnormal: 3 },
  objects: { normal: 4, abnormal: 2 },
  scores: { sse: { auroc: 0.75, threshold: { value: 0.1 + 0.2, rule: 'zfn', chosenOn: 'calibration' } } },
  combination: null,
  baseline: { statistic: 'gradient', abnormalHas: 'more', auroc: 0.7 },
  heatmap: { map: 'residual5', threshold: 0.25, floor: 0, images: 4, coldShare: 0.95, aupro: null, others: {} },
};
let device: Device;
let detector: DetectorNetworks;

beforeAll(async () => {
  device = await Device.open({ checked: true });
  const banks = await loadBanks(device, folder.path('data'));
  await trainNew(device, banks, folder.path('run'), { ...QUICK, steps: 2 });
  detector = openRunNetworks(device, runFolder(folder.path('run')));
  await writeCalibrated({ model: path, thresholds: `${path}.json` }, detector, calibration, ['0123456789abcdef']);
});

afterAll(() => {
  device.close();
  folder.remove();
});

/** The file with other metadata or tensors. */
function changed(name: string, change: (file: ReturnType<typeof decodeSafetensors>) => void): string {
  const file = decodeSafetensors(readFileSync(path), path);
  change(file);
  const other = folder.path(name);
  writeFileSync(other, encodeSafetensors(file.tensors, file.metadata));
  return other;
}

describe('a model file', () => {
  it('holds all that scoring needs: the same scores, bit for bit', async () => {
    const model = readModel(path);
    expect(model).toMatchObject({ calibration, config: detector.config, manifest: detector.manifest });
    expect(model.seen).toEqual(['0123456789abcdef']);
    const loaded = loadModel(device, model);
    const image = await decodeImage(folder.path('data', 'abnormal', '0.png'));
    const scores = async (by: DetectorNetworks) => {
      const request = () => ({ scores: scoresFor(by.networks) });
      for await (const result of scoreImages(by, [image], request)) return result.scores;
      return undefined;
    };
    expect(await scores(loaded)).toEqual(await scores(detector));
    loaded.dispose();
  });

  it('that claims other sizes than it holds is refused before networks take memory', () => {
    const huge = changed('huge', ({ metadata }) => {
      metadata.config = JSON.stringify({ ...detector.config, ngf: 512, blocks: 32 });
    });
    const live = device.pool.use.liveBytes;
    expectRefusal(() => readModel(huge), huge, 'parameters', 'it holds');
    expect(device.pool.use.liveBytes).toBe(live);

    const bytes = readFileSync(path);
    bytes.writeBigUInt64LE(2n ** 40n);
    writeFileSync(folder.path('header'), bytes);
    expectRefusal(() => readModel(folder.path('header')), 'announces a header of 1099511627776 bytes');
    writeFileSync(folder.path('short'), readFileSync(path));
    truncateSync(folder.path('short'), 20_000);
    expectRefusal(() => readModel(folder.path('short')), folder.path('short'));
  });

  it('comes from bytes too, which need no file', () => {
    expect(decodeModel(readFileSync(path), 'fetched')).toMatchObject({ source: 'fetched', calibration });
    expectRefusal(() => decodeModel(Uint8Array.of(1, 2, 3), 'fetched'), 'fetched', 'the file has 3');
  });

  it('is decoded without Node, but for the door through which the engine loads its kernels', () => {
    const seen = new Set<string>();
    const needNode = (file: string): string[] => {
      if (seen.has(file)) return [];
      seen.add(file);
      const text = readFileSync(file, 'utf8');
      const imports = [...text.matchAll(/^import (?!type\b)[^']*'([^']+)'/gm)].map(([, specifier = '']) => specifier);
      const own = /\b(process|Buffer)\./.test(text) || imports.some((specifier) => specifier.startsWith('node:'));
      const others = imports.filter((specifier) => specifier.startsWith('.'));
      return [...(own ? [file] : []), ...others.flatMap((specifier) => needNode(join(dirname(file), specifier)))];
    };
    expect(needNode('src/anomaly/detector/model-file.ts')).toEqual(['src/kernels/texts.ts']);
    expect(seen.size).toBeGreaterThan(50);
  });

  it('with a damaged part is refused by its key', () => {
    const damages: [string, unknown, string][] = [
      ['seen', ['0123456789abcde'], '[0] is "0123456789abcde"; expected 16 hexadecimal digits'],
      ['manifest', { ...detector.manifest, device: null }, 'device is null; expected a text'],
      ['calibration', { ...calibration, heatmap: { threshold: null, images: 4 } }, 'heatmap.threshold is null'],
    ];
    for (const [name, value, text] of damages) {
      const other = changed('damaged part', ({ metadata }) => {
        metadata[name] = JSON.stringify(value);
      });
      expectRefusal(() => readModel(other), other, `'${name}'`, text, "'cyclops calibrate'");
    }
  });

  it('that is something else is refused', () => {
    expectRefusal(() => readModel(folder.path('absent')), 'absent', 'ENOENT');
    expectRefusal(() => readModel(folder.path('run', 'checkpoint', 'G_A.safetensors')), 'no model', 'names none');
    const past = changed('past', ({ metadata }) => {
      metadata.format = 'cyclops model 1';
    });
    expectRefusal(() => readModel(past), "'cyclops model 1'", 'this version', "'cyclops calibrate'");
    const even = changed('even', ({ metadata }) => {
      metadata.config = JSON.stringify({ ...detector.config, localContrast: true });
    });
    expectRefusal(() => readModel(even), 'with its preprocessing');
    for (const name of ['config', 'manifest', 'calibration', 'seen'] as const) {
      const other = changed(name, ({ metadata }) => {
        metadata[name] = '[';
      });
      expectRefusal(() => readModel(other), `${other} under '${name}'`, 'is not JSON');
      const empty = changed(name, ({ metadata }) => {
        metadata[name] = '{}';
      });
      expectRefusal(() => readModel(empty), empty);
    }
  });

  it('with weights of NaN or under other names is refused when it is loaded', () => {
    const nan = changed('nan', ({ tensors }) => {
      for (const { data } of tensors.values()) data[0] = Number.NaN;
    });
    const live = device.pool.use.liveBytes;
    expect(() => loadModel(device, readModel(nan))).toThrow(/NaN/);
    const renamed = changed('renamed', ({ tensors }) => {
      const [name, tensor] = [...tensors][0] ?? [];
      if (!name || !tensor) throw new Error('A model without tensors.');
      tensors.delete(name);
      tensors.set(`extra.${name}`, tensor);
    });
    expect(() => loadModel(device, readModel(renamed))).toThrow(/lacks/);
    expect(device.pool.use.liveBytes).toBe(live);
  });

  it('with damage anywhere in its header is read or refused, and nothing else', () => {
    const bytes = readFileSync(path);
    const header = Number(bytes.readBigUInt64LE()) + 8;
    const random = randomNumbers(7);
    for (let i = 0; i < 150; i++) {
      const damaged = Buffer.from(bytes);
      damaged[Math.floor(random() * header)] = Math.floor(random() * 256);
      writeFileSync(folder.path('damaged'), damaged);
      survives(() => readModel(folder.path('damaged')));
    }
  });
});
