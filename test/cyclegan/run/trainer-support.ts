import { join } from 'node:path';
import type { TrainingConfig } from '../../../src/cyclegan/config.ts';
import { preset } from '../../../src/cyclegan/presets.ts';
import { createRun } from '../../../src/cyclegan/run/run-folder.ts';
import { Trainer, type TrainingOptions } from '../../../src/cyclegan/run/trainer.ts';
import type { Banks } from '../../../src/cyclegan/run/training-banks.ts';
import { ImageBank } from '../../../src/data/images/bank.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { makeData } from '../../cli/support.ts';

/** A training of a second, with pools that fill, crops of both domains to tell apart, crops, flips, turns, and a learning rate that falls. */
export const QUICK: TrainingConfig = {
  ...preset('tiny'),
  ...{
    blocks: 1,
    ngf: 4,
    ndf: 4,
    loadSize: 32,
    cropSize: 28,
    batchSize: 1,
    steps: 6,
    poolSize: 2,
    domainCrops: 2,
    rotate: true,
    seed: 5,
  },
  ...{ checkpointInterval: 100, sampleInterval: 0 },
};

export const MANIFEST = { versions: { cyclops: 'test' }, device: 'test', dataHash: 'test', created: 'test' };

/** Three abnormal and four normal cuts of real photographs. */
export async function loadBanks(device: Device, folder: string): Promise<Banks> {
  makeData(folder, { normal: 4, abnormal: 3 });
  const load = async (label: string, count: number) => {
    const paths = Array.from({ length: count }, (_, i) => join(folder, label, `${i}.png`));
    const images = await Promise.all(paths.map((path) => decodeImage(path)));
    return ImageBank.create(device, images, { channels: 3, loadSize: { width: 32, height: 32 } });
  };
  return {
    a: await load('abnormal', 3),
    b: await load('normal', 4),
    counts: { a: 3, b: 4, made: 0 },
    small: null,
    sources: [],
    masks: null,
    unmasked: true,
    defects: [null, null, null],
  };
}

/** Trains in a new run folder. */
export async function trainNew(
  device: Device,
  banks: Banks,
  out: string,
  config: TrainingConfig = QUICK,
  options: TrainingOptions = {},
): Promise<Trainer> {
  return train(new Trainer(device, { config, banks, run: createRun(out), manifest: MANIFEST, resume: false }), options);
}

/** Trains and frees the trainer, whatever happens. */
export async function train(trainer: Trainer, options: TrainingOptions = {}): Promise<Trainer> {
  try {
    await trainer.train(options);
  } finally {
    trainer.dispose();
  }
  return trainer;
}
