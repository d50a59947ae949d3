import { join, parse } from 'node:path';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { damage } from '../../data/defects/damage.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { makeFolder } from '../../data/files/make-folder.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { encodePng } from '../../data/images/png.ts';
import { toSamples } from '../../data/images/value-range.ts';
import { RandomStream } from '../../tensor/random.ts';

/** Of the damage; those from 16 on belong to epochs, and there are not so many. */
const FIRST_STREAM = 2 ** 31;

/**
 * A damaged copy of each normal image, to stand for the abnormal ones that nobody has, kept with its mask in the run, where a person can look
 * at it. The same images and seed give the same copies.
 */
export class DamagedCopies {
  /** The copies, each there once it was made. */
  readonly refs: readonly ImageRef[];
  private readonly places: ReadonlyMap<string, { index: number; image: string; mask: string }>;

  /** @throws CyclopsError when the run cannot be written */
  constructor(
    run: RunFolder,
    normal: readonly ImageRef[],
    private readonly config: Pick<TrainingConfig, 'seed' | 'range'>,
  ) {
    const folders = { abnormal: join(run.damaged, 'abnormal'), masks: join(run.damaged, 'masks') };
    for (const folder of Object.values(folders)) makeFolder(folder);
    const copies = normal.map(({ file, group }, index) => {
      const name = `${String(index).padStart(4, '0')}-${parse(file).name}.png`;
      const place = { index, image: join(folders.abnormal, name), mask: join(folders.masks, name) };
      const { image: path, mask } = place;
      const ref: ImageRef = { path, file: `damaged/abnormal/${name}`, label: 'abnormal', mask };
      return { of: file, place, ref: { ...ref, ...(group !== undefined && { group }) } };
    });
    this.refs = copies.map(({ ref }) => ref);
    this.places = new Map(copies.map(({ of, place }) => [of, place]));
  }

  /** Makes the copy of one of the images. @throws CyclopsError when it cannot be written */
  make({ file }: ImageRef, image: DecodedImage): void {
    const place = this.places.get(file);
    if (!place) throw new RangeError(`${file} is none of the images of which there are copies.`);
    const { seed, range } = this.config;
    const { width, height, channels } = image;
    const made = visibleDamage(image, new RandomStream(seed, FIRST_STREAM + place.index));
    writeFileAtomic(place.image, encodePng(width, height, channels, toSamples(made.image.pixels, range)));
    writeFileAtomic(
      place.mask,
      encodePng(
        width,
        height,
        1,
        made.mask.map((inside) => 255 * inside),
      ),
    );
  }
}

/** Damage may come to lie outside of an image; then another is drawn. */
function visibleDamage(image: DecodedImage, random: RandomStream): ReturnType<typeof damage> {
  for (;;) {
    const made = damage(image, random);
    if (made.mask.includes(1)) return made;
  }
}
