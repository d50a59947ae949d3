import type { ImageRef } from '../../data/datasets/dataset.ts';
import { differenceHash, MOST_PAIRS, nearDuplicates } from '../../data/datasets/near-duplicates.ts';
import { decodeImage } from '../../data/images/decode.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import type { ValueRange } from '../../data/images/value-range.ts';
import { CyclopsError } from '../../gpu/errors.ts';

/** How many pairs a warning names. */
const SHOWN = 3;

/** Looks for pictures that are almost the same in two parts of a data set. */
export class DuplicateWatch {
  private readonly hashed: { ref: ImageRef; hash: Uint32Array }[] = [];

  /** @param range the values that are black and white */
  constructor(private readonly range: ValueRange) {}

  /** Notes an image that was decoded for another reason. */
  readonly see = (ref: ImageRef, image: DecodedImage): void => {
    this.hashed.push({ ref, hash: differenceHash(image) });
  };

  /** Notes images that nobody has decoded; for a broken one, whoever uses it will complain. */
  async look(refs: readonly ImageRef[]): Promise<void> {
    for (const ref of refs) {
      try {
        this.see(ref, await decodeImage(ref.path, this.range));
      } catch (error) {
        if (!(error instanceof CyclopsError)) throw error;
      }
    }
  }

  /** A warning, or null where nothing is alike. */
  warning(): string | null {
    const pairs = nearDuplicates(this.hashed);
    if (pairs.length === 0) return null;
    const named = pairs.slice(0, SHOWN).map(({ a, b }) => `${a.file} (${a.part}) and ${b.file} (${b.part})`);
    const least = pairs.length === MOST_PAIRS ? 'at least ' : '';
    const more = pairs.length > SHOWN ? `, and ${least}${pairs.length - SHOWN} pairs more` : '';
    return (
      `Warning: pictures of different parts look almost the same: ${named.join(', ')}${more}. If they show one object, ` +
      'keep it in one part with a column `group` in index.csv or with --group-by: else the figures are too good.'
    );
  }
}
