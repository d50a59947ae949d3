import type { ImageRef } from '../../data/datasets/dataset.ts';
import { decodeImage } from '../../data/images/decode.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { CyclopsError } from '../../gpu/errors.ts';

/** A file that could not be used, and why. */
export interface BrokenFile {
  ref: ImageRef;
  reason: string;
}

/** How many broken files a message names. */
const SHOWN = 5;

/** Images decoded one after another as they are asked for, so that a data set need not fit the host's memory. */
export class ImageDecoder {
  /** The images that could be decoded so far. */
  readonly good: ImageRef[] = [];
  readonly broken: BrokenFile[] = [];

  /**
   * @param skipBroken whether images behind a broken one are still wanted; if not, they are only looked at for faults
   * @param onImage sees each image before it goes on
   */
  constructor(
    private readonly refs: readonly ImageRef[],
    private readonly skipBroken: boolean,
    private readonly onImage: (ref: ImageRef, image: DecodedImage) => void = () => {},
  ) {}

  *images(): Generator<DecodedImage> {
    for (const ref of this.refs) {
      const image = this.decode(ref);
      if (image && (this.skipBroken || this.broken.length === 0)) yield image;
    }
  }

  private decode(ref: ImageRef): DecodedImage | null {
    try {
      const image = decodeImage(ref.path);
      this.good.push(ref);
      this.onImage(ref, image);
      return image;
    } catch (error) {
      if (!(error instanceof CyclopsError)) throw error;
      this.broken.push({ ref, reason: error.message });
      return null;
    }
  }
}

/**
 * Refuses or reports what could not be decoded.
 *
 * @param warn takes a line for each file that is left out
 * @throws CyclopsError unless `skipBroken`, and when no image is left
 */
export function settleBroken(
  { good, broken }: { good: readonly ImageRef[]; broken: readonly BrokenFile[] },
  skipBroken: boolean,
  warn?: (line: string) => void,
): void {
  if (broken.length === 0) return;
  if (skipBroken && good.length > 0) {
    for (const { reason } of broken) warn?.(`left out: ${reason}`);
    return;
  }
  const advice = skipBroken
    ? 'Without them none is left; repair or replace them.'
    : 'Repair or remove them, or leave them out with --skip-broken.';
  const named = broken.slice(0, SHOWN).map(({ reason }, i) => `(${i + 1}) ${reason}`);
  const more = broken.length > SHOWN ? ` … and ${broken.length - SHOWN} more.` : '';
  throw new CyclopsError(
    `${broken.length} of ${good.length + broken.length} images cannot be used. ${advice} ${named.join(' ')}${more}`,
  );
}
