import { CyclopsError } from '../gpu/errors.ts';
import type { ImageRef } from './dataset.ts';
import { type DecodedImage, decodeImage, toChannels } from './image.ts';

export interface LoadOptions {
  /** Leave out files that cannot be decoded instead of refusing them all. */
  skipBroken: boolean;
  /** Called for each file left out, with the reason. */
  onBroken?: (ref: ImageRef, message: string) => void;
}

export interface LoadedImage {
  ref: ImageRef;
  image: DecodedImage;
}

const SHOWN = 5;

/**
 * Decodes images to the given number of channels, in their order.
 *
 * @throws CyclopsError that lists the first broken files with their reasons; with `skipBroken` only when they leave a
 *   class without any image
 */
export function loadImages(refs: readonly ImageRef[], channels: 1 | 3, options: LoadOptions): LoadedImage[] {
  const loaded: LoadedImage[] = [];
  const broken: { ref: ImageRef; message: string }[] = [];
  for (const ref of refs) {
    try {
      loaded.push({ ref, image: toChannels(decodeImage(ref.path), channels) });
    } catch (error) {
      if (!(error instanceof CyclopsError)) throw error;
      broken.push({ ref, message: error.message });
      if (options.skipBroken) options.onBroken?.(ref, error.message);
    }
  }
  if (broken.length === 0) return loaded;

  const lost = broken.find(({ ref }) => !loaded.some((other) => other.ref.label === ref.label))?.ref.label;
  if (options.skipBroken && !lost) return loaded;
  const advice = options.skipBroken
    ? `Without them no ${lost} image is left; repair or replace them.`
    : 'Repair or remove them, or leave them out with --skip-broken.';
  const more = broken.length > SHOWN ? ` … and ${broken.length - SHOWN} more.` : '';
  throw new CyclopsError(
    `${broken.length} of ${refs.length} images cannot be used. ${advice} ` +
      broken
        .slice(0, SHOWN)
        .map(({ message }, index) => `(${index + 1}) ${message}`)
        .join(' ') +
      more,
  );
}
