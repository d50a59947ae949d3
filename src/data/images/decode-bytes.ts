import type { DecodedImage } from './decoded-image.ts';
import { readStored } from './read-stored.ts';
import type { Take } from './room.ts';
import { toLevels, type ValueRange } from './value-range.ts';

/** Decodes the bytes of an image file, as {@link decodeImage} does. @param source for messages @param take is asked before memory is taken @throws CyclopsError that names it */
export async function decodeBytes(
  bytes: Uint8Array,
  source: string,
  range: ValueRange = 'full',
  take?: Take,
): Promise<DecodedImage> {
  return toLevels(await readStored(bytes, source, { oriented: true, take }), range, source);
}
