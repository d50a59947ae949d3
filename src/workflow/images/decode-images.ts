import type { ImageRef } from '../../data/datasets/dataset.ts';
import { decodeImage, openImage } from '../../data/images/decode.ts';
import type { DecodedImage, LargeImage } from '../../data/images/decoded-image.ts';
import type { Take } from '../../data/images/room.ts';
import type { ValueRange } from '../../data/images/value-range.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { madeAhead } from './ahead.ts';

/** A file that could not be used, and why. */
export interface BrokenFile {
  ref: ImageRef;
  reason: string;
}

export interface DecoderOptions {
  /** Whether images behind a broken one are still wanted; if not, they are only looked at for faults. */
  skipBroken: boolean;
  /** The values that are black and white. */
  range: ValueRange;
  /** Sees each image before it goes on. */
  onImage?: (ref: ImageRef, image: DecodedImage) => void;
  /** Sees the content of each file that is an image. */
  onBytes?: (ref: ImageRef, bytes: Uint8Array) => void;
  /** Is told of each image whose file decides itself which values are black and white. */
  onDicomWindow?: ((ref: ImageRef, window: string) => void) | undefined;
}

/** How many broken files a message names. */
const SHOWN = 5;

/** Images decoded a few ahead of where they are asked for, so that a data set need not fit the host's memory. */
export class ImageDecoder {
  /** The images that could be decoded so far. */
  readonly good: ImageRef[] = [];
  readonly broken: BrokenFile[] = [];

  constructor(
    private readonly refs: readonly ImageRef[],
    private readonly options: DecoderOptions,
  ) {}

  images(): AsyncGenerator<DecodedImage> {
    const { range, onImage, onBytes } = this.options;
    const decode = (ref: ImageRef, take: Take) =>
      decodeImage(ref.path, range, { take, onBytes: onBytes && ((bytes) => onBytes(ref, bytes)) });
    return this.inTurn(decode, ({ pixels }) => pixels.byteLength, onImage);
  }

  /** Those too that are too large to be decoded at once, which nobody sees before. */
  imagesOfAnySize(): AsyncGenerator<DecodedImage | LargeImage> {
    const { range } = this.options;
    const open = ({ path }: ImageRef, take: Take) => openImage(path, range, take);
    return this.inTurn(open, (image) => ('pixels' in image ? image.pixels.byteLength : 0));
  }

  /** Decodes them all, for their faults alone. */
  async look(): Promise<void> {
    for await (const _ of this.images());
  }

  private async *inTurn<Image extends DecodedImage | LargeImage>(
    read: (ref: ImageRef, take: Take) => Promise<Image>,
    bytesOf: (image: Image) => number,
    onImage?: (ref: ImageRef, image: Image) => void,
  ): AsyncGenerator<Image> {
    for await (const { item: ref, made: image, reason } of madeAhead(this.refs, read, bytesOf)) {
      if (reason !== null) {
        this.broken.push({ ref, reason });
        continue;
      }
      this.good.push(ref);
      onImage?.(ref, image);
      const window = windowOf(image);
      if (window !== undefined) this.options.onDicomWindow?.(ref, window);
      if (this.options.skipBroken || this.broken.length === 0) yield image;
    }
  }
}

function windowOf(image: DecodedImage | LargeImage): string | undefined {
  return 'window' in image ? image.window : undefined;
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
