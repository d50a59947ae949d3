import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DetectorNetworks } from '../../../src/anomaly/detector/detector-networks.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { encodePng } from '../../../src/data/images/png.ts';
import { CyclopsError, OutOfMemoryError } from '../../../src/gpu/errors.ts';
import { Device } from '../../../src/index.ts';
import { openModel, type TrainedModel } from '../../../src/workflow/common/model.ts';
import { evaluateRun } from '../../../src/workflow/runs/evaluate-run.ts';
import { cyclops, makeData, SMALL, temporaryFolder } from '../../cli/support.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryFolder();
const [data, run] = [folder.path('data'), folder.path('run')];
let device: Device;

beforeAll(async () => {
  device = await Device.open();
  makeData(data, { normal: 9, abnormal: 9 });
  const { code, stderr } = await cyclops('train', data, '--out', run, ...SMALL, '--steps', '2', '--no-tune', '--quiet');
  expect(code, stderr).toBe(0);
});
afterAll(() => device.close());

/** A model for which images of this width are too much. */
function failingAt(width: number, error: Error): TrainedModel {
  const model = openModel(run);
  const open: TrainedModel['open'] = (on, tile) => {
    const detector: DetectorNetworks = model.open(on, tile);
    const { loadSize } = detector.shown;
    const failing = (size: { width: number; height: number }) => {
      if (size.width === width) throw error;
      return typeof loadSize === 'function' ? loadSize(size) : size;
    };
    return { ...detector, shown: { ...detector.shown, loadSize: failing } };
  };
  return { ...model, open };
}

it('names an image that can be read and not be scored, and does without it on demand', async () => {
  const odd = join(data, 'normal', 'odd.png');
  writeFileSync(odd, encodePng(41, 20, 3, new Uint8Array(3 * 41 * 20)));
  const full = new OutOfMemoryError('The device is full.');
  const warnings: string[] = [];
  const options = {
    dataset: readDataset(data),
    tune: false,
    pictures: 1e6,
    onWarning: (line: string) => warnings.push(line),
  };
  const evaluated = (error: CyclopsError, skipBroken: boolean) =>
    evaluateRun(device, { ...options, skipBroken, model: failingAt(41, error) });

  const refused = evaluated(full, false);
  await expect(refused).rejects.toThrow(OutOfMemoryError);
  await expect(refused).rejects.toThrow(`${odd} cannot be scored: The device is full.`);
  await expect(evaluated(new CyclopsError('too thin'), false)).rejects.toThrow(`${odd} cannot be scored: too thin`);

  const found = await evaluated(full, true);
  expect(found?.evaluation.counts).toMatchObject({ skipped: 1 });
  expect(found?.evaluation.images.map(({ file }) => file)).not.toContain('normal/odd.png');
  expect(warnings.join('\n')).toMatch(/left out: .* cannot be scored: The device is full/);
});
