import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { Size } from '../../data/images/bank.ts';
import { decodeImage, readImageHeader } from '../../data/images/decode.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type BrokenFile, settleBroken } from './decode-images.ts';
import { readMasks, warnOfGrayMasks } from './read-masks.ts';

/**
 * The images with the masks and templates that can be read. They are looked at before the work begins, so that a broken one
 * neither ends an evaluation late nor costs an image.
 *
 * @param warn takes a line for each mask or template that is left out
 * @throws CyclopsError when one cannot be read, unless `skipBroken`
 */
export async function withReadableCompanions(
  refs: readonly ImageRef[],
  skipBroken: boolean,
  warn?: (line: string) => void,
): Promise<ImageRef[]> {
  const masks = await readMasks(refs, await sizesOf(refs), () => {});
  const templates = await brokenTemplates(refs);
  const broken = [...masks.broken, ...templates];
  const damaged = new Set(broken.map(({ ref }) => ref));
  settleBroken({ good: refs.filter((ref) => !damaged.has(ref)), broken }, skipBroken, warn);
  warnOfGrayMasks(masks.gray, warn);
  const [maskless, pairless] = [masks.broken, templates].map((faults) => new Set(faults.map(({ ref }) => ref)));
  return refs.map((ref) => {
    const { mask, pair, ...alone } = ref;
    return {
      ...alone,
      ...(mask !== undefined && !maskless?.has(ref) && { mask }),
      ...(pair !== undefined && !pairless?.has(ref) && { pair }),
    };
  });
}

/** Of images with masks; for a broken image, whoever uses it will complain. */
async function sizesOf(refs: readonly ImageRef[]): Promise<Map<string, Size>> {
  const sizes = new Map<string, Size>();
  for (const { path, file, mask } of refs) {
    const size = mask === undefined ? null : await orNull(readImageHeader(path));
    if (size) sizes.set(file, size);
  }
  return sizes;
}

async function brokenTemplates(refs: readonly ImageRef[]): Promise<BrokenFile[]> {
  const broken: BrokenFile[] = [];
  for (const ref of refs) {
    if (ref.pair === undefined) continue;
    await decodeImage(ref.pair).catch((error: unknown) => {
      if (!(error instanceof CyclopsError)) throw error;
      broken.push({ ref, reason: error.message });
    });
  }
  return broken;
}

function orNull<T>(found: Promise<T>): Promise<T | null> {
  return found.catch((error: unknown) => {
    if (error instanceof CyclopsError) return null;
    throw error;
  });
}
