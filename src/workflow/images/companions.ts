import type { ImageRef } from '../../data/datasets/dataset.ts';
import { decodeImage } from '../../data/images/decode.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type BrokenFile, settleBroken } from './decode-images.ts';

/**
 * The images with the masks and templates that can be read. They are looked at before the work begins, so that a broken one
 * neither ends an evaluation late nor costs an image.
 *
 * @param warn takes a line for each mask or template that is left out
 * @throws CyclopsError when one cannot be read, unless `skipBroken`
 */
export function withReadableCompanions(
  refs: readonly ImageRef[],
  skipBroken: boolean,
  warn?: (line: string) => void,
): ImageRef[] {
  const broken: BrokenFile[] = [];
  const readable = refs.map((ref) => {
    const { mask, pair, ...alone } = ref;
    const usable = (path: string | undefined) => path !== undefined && canRead(ref, path, broken);
    return { ...alone, ...(usable(mask) && { mask }), ...(usable(pair) && { pair }) };
  });
  const damaged = new Set(broken.map(({ ref }) => ref));
  settleBroken({ good: refs.filter((ref) => !damaged.has(ref)), broken }, skipBroken, warn);
  return readable;
}

function canRead(ref: ImageRef, path: string, broken: BrokenFile[]): boolean {
  try {
    decodeImage(path);
    return true;
  } catch (error) {
    if (!(error instanceof CyclopsError)) throw error;
    broken.push({ ref, reason: error.message });
    return false;
  }
}
