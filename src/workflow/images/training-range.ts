import { type Dataset, type ImageRef, partOf } from '../../data/datasets/dataset.ts';
import { readImage, readImageHeader } from '../../data/images/decode.ts';
import type { Take } from '../../data/images/room.ts';
import type { StoredImage } from '../../data/images/stored-image.ts';
import type { ValueRange } from '../../data/images/value-range.ts';
import type { Listener } from '../common/listener.ts';
import { madeAhead } from './ahead.ts';

/**
 * The values that are black and white for a training that was told nothing: of files of 8 bits all that they can hold; of more bits those
 * from the least to the greatest of the training part, since a camera of 12 bits writes files of 16, and uses a sixteenth of them.
 * A file that cannot be read counts for nothing here: whoever loads it will complain.
 */
export async function trainingRange(dataset: Dataset, onWarning: Listener['onWarning']): Promise<ValueRange> {
  const refs = partOf(dataset, 'train');
  const headers = await collect(refs, ({ path }) => readImageHeader(path));
  const deep = headers.filter(({ bits }) => bits > 8).length;
  if (deep === 0) return 'full';
  if (deep < headers.length) {
    onWarning?.(
      `${deep} of ${headers.length} training images have more than 8 bits a sample: black and white are the least and the greatest value that ` +
        'each file can hold, 0 and 1 in files of floats. Where those of more bits use few of them, convert all to one depth and train again.',
    );
    return 'full';
  }
  const extremes = await collect(refs, async ({ path }, take) =>
    extremesOf(await readImage(path, { oriented: false, take })),
  );
  const [min, max] = [Math.min(...extremes.map((image) => image.min)), Math.max(...extremes.map((image) => image.max))];
  if (!(min < max)) return 'full';
  onWarning?.(
    `The training images have more than 8 bits a sample and values from ${min} to ${max}: these are black and white, also for images to come, ` +
      'and what lies beyond is cut off. Say --range min,max or --range full to take others.',
  );
  return { min, max };
}

/** What is found in all files that can be read. */
async function collect<T>(refs: readonly ImageRef[], find: (ref: ImageRef, take: Take) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const { made } of madeAhead(refs, find, () => 0)) if (made !== null) found.push(made);
  return found;
}

/** Of the colours, without alpha and without infinity, which would leave no difference among all others. */
function extremesOf({ samples, channels }: StoredImage): { min: number; max: number } {
  const colours = channels < 3 ? 1 : 3;
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  samples.forEach((value, i) => {
    if (i % channels >= colours || !Number.isFinite(value)) return;
    if (value < min) min = value;
    if (value > max) max = value;
  });
  return { min, max };
}
