import { readCheckpointHead } from '../../cyclegan/run/checkpoint-head.ts';
import { hasDataRecord, recordData } from '../../cyclegan/run/data-record.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { type Dataset, isNormalAlone, type Part } from '../../data/datasets/dataset.ts';
import { splitDataset, writeSplit } from '../../data/datasets/split.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import type { Listener } from '../common/listener.ts';
import { UsageError } from '../common/usage-error.ts';
import { openData } from '../images/open-data.ts';

/**
 * Notes for an imported run which images calibrate it, since no training did. Where the data folder names parts, those that it says;
 * otherwise all but a test part.
 *
 * @param data the folder; may be left out where images were noted before
 * @throws UsageError where no images are known @throws CyclopsError for a folder that cannot be read
 */
export function recordForImported(run: RunFolder, { data, onWarning }: Listener & { data?: string | undefined }): void {
  if (data === undefined && hasDataRecord(run.data)) return;
  if (data === undefined) {
    throw new UsageError(
      `${run.root} was imported, and knows no images yet. Say which choose its threshold, ones that did not train it: --data DATA`,
    );
  }
  const { seed } = readCheckpointHead(run.checkpoint).config;
  const dataset = divided(openData({ data, onWarning }, { allowNormalAlone: true }), seed);
  onWarning?.(
    `Nobody noted which images trained the weights of ${run.root}. Where images of ${dataset.root} did, the threshold that they choose, and ` +
      'figures of them, promise too much.',
  );
  const of = (part: Part) => dataset.images.filter((image) => image.part === part);
  const record = recordData(dataset.root, of('train'), of('calibration'));
  writeFileAtomic(run.data, `${JSON.stringify(record, null, 2)}\n`);
  writeSplit(run.root, dataset);
}

function divided(dataset: Dataset, seed: number): Dataset {
  if (dataset.images.some(({ part }) => part !== undefined)) return dataset;
  const split = isNormalAlone(dataset) ? dataset : splitDataset(dataset, seed);
  const images = split.images.map((image) =>
    image.part === 'test' ? image : { ...image, part: 'calibration' as const },
  );
  return { ...split, images };
}
