import { createHash } from 'node:crypto';
import { optionName, type TrainingConfig } from '../../cyclegan/config.ts';
import { recordData } from '../../cyclegan/run/data-record.ts';
import type { Dataset } from '../../data/datasets/dataset.ts';
import { VERSION } from '../common/versions.ts';
import type { Job } from './job.ts';

/** What the shards of a training must have in common: the version, every option, and the images with their parts. */
export function commonOfTraining(
  config: TrainingConfig,
  dataset: Dataset,
  { skipBroken = false, tune = true }: { skipBroken?: boolean | undefined; tune?: boolean | undefined },
): Job['common'] {
  const options = Object.entries(config).map(([field, value]) => [optionName(field), value] as const);
  return {
    version: VERSION,
    'number of images': dataset.images.length,
    'list of images (SHA-256)': hashOf(dataset),
    ...Object.fromEntries(options),
    ...{ '--skip-broken': skipBroken, '--no-tune': !tune },
  };
}

/** One hash of the names, parts, groups and contents of all images, and of which have masks. */
export function hashOf({ root, images }: Dataset): string {
  const hash = createHash('sha256').update(recordData(root, images).hash);
  for (const { file, part, group, mask } of images)
    hash.update(JSON.stringify([file, part, group, mask !== undefined]));
  return hash.digest('hex');
}
