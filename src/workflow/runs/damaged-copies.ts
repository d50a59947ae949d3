import { join, parse } from 'node:path';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { damage } from '../../data/defects/damage.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { makeFolder } from '../../data/files/make-folder.ts';
import { decodeImage } from '../../data/images/decode.ts';
import { encodePng } from '../../data/images/png.ts';
import { toSamples } from '../../data/images/value-range.ts';
import { RandomStream } from '../../tensor/random.ts';

/** Of the damage; those from 16 on belong to epochs, and there are not so many. */
const FIRST_STREAM = 2 ** 31;

/**
 * Damages a copy of each normal image, to stand for the abnormal ones that nobody has, and keeps it with its mask in the run, where a person can
 * look at it. The same images and seed give the same copies.
 *
 * @throws CyclopsError when an image cannot be read, or the run not be written
 */
export async function damagedCopies(
  run: RunFolder,
  normal: readonly ImageRef[],
  { seed, range }: Pick<TrainingConfig, 'seed' | 'range'>,
): Promise<ImageRef[]> {
  const folders = { abnormal: join(run.damaged, 'abnormal'), masks: join(run.damaged, 'masks') };
  for (const folder of Object.values(folders)) makeFolder(folder);
  const copies: ImageRef[] = [];
  for (const [index, { path, file, group }] of normal.entries()) {
    const image = await decodeImage(path, range);
    const { width, height, channels } = image;
    const made = visibleDamage(image, new RandomStream(seed, FIRST_STREAM + index));
    const name = `${String(index).padStart(4, '0')}-${parse(file).name}.png`;
    const copy = { image: join(folders.abnormal, name), mask: join(folders.masks, name) };
    writeFileAtomic(copy.image, encodePng(width, height, channels, toSamples(made.image.pixels, range)));
    writeFileAtomic(copy.mask, encodePng(width, height, 1, made.mask.map((inside) => 255 * inside)));
    copies.push({
      ...{ path: copy.image, file: `damaged/abnormal/${name}`, label: 'abnormal', mask: copy.mask },
      ...(group !== undefined && { group }),
    });
  }
  return copies;
}

/** Damage may come to lie outside of an image; then another is drawn. */
function visibleDamage(image: Parameters<typeof damage>[0], random: RandomStream): ReturnType<typeof damage> {
  for (;;) {
    const made = damage(image, random);
    if (made.mask.includes(1)) return made;
  }
}
