import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { Size } from '../../data/images/bank.ts';
import { decodeImage, readImageHeader } from '../../data/images/decode.ts';
import { madeAhead } from './ahead.ts';
import { type BrokenFile, settleBroken } from './decode-images.ts';
import { readMasks, warnOfGrayMasks } from './read-masks.ts';

/**
 * The images with the masks and templates that can be read. They are looked at before the work begins, so that a broken one
 * neither ends an evaluation late nor costs an image. Whoever uses them reads them again, since memory could not hold them
 * all until then; of the images themselves only headers are read.
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
  const masked = refs.filter(({ mask }) => mask !== undefined);
  const read = ({ path }: ImageRef) => readImageHeader(path);
  for await (const { item, made } of madeAhead(masked, read, () => 1)) if (made) sizes.set(item.file, made);
  return sizes;
}

async function brokenTemplates(refs: readonly ImageRef[]): Promise<BrokenFile[]> {
  const paired = refs.flatMap((ref) => (ref.pair === undefined ? [] : [{ ref, path: ref.pair }]));
  const decoder = madeAhead(
    paired,
    ({ path }, take) => decodeImage(path, 'full', { take }),
    ({ pixels }) => pixels.byteLength,
  );
  const broken: BrokenFile[] = [];
  for await (const { item, reason } of decoder) if (reason !== null) broken.push({ ref: item.ref, reason });
  return broken;
}
