import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { Size } from '../../data/images/bank.ts';
import { decodeImage, readImageHeader } from '../../data/images/decode.ts';
import type { Listener } from '../common/listener.ts';
import { madeAhead } from './ahead.ts';
import { type BrokenFile, settleBroken } from './decode-images.ts';
import { GrayMasks } from './gray-masks.ts';
import { KeptMasks } from './kept-masks.ts';
import { type MaskFindings, readMasks } from './read-masks.ts';

/**
 * The images with the masks and templates that can be read, and these masks. They are read before the work begins, so that a broken
 * one neither ends an evaluation late nor costs an image. Templates are read again when they are used, since memory could not hold them all
 * until then; of images with masks the headers are read, since a mask has to have their shape.
 *
 * @param onWarning is told of each mask or template that is left out, and of masks that are not black and white
 * @throws CyclopsError when one cannot be read, unless `skipBroken`
 */
export async function readCompanions(
  refs: readonly ImageRef[],
  skipBroken: boolean,
  onWarning?: Listener['onWarning'],
): Promise<{ refs: ImageRef[]; masks: KeptMasks }> {
  const masks = new KeptMasks();
  const found: MaskFindings = { broken: [], gray: new GrayMasks() };
  for await (const { ref, mask } of readMasks(refs, await sizesOf(refs), found)) masks.keep(ref, mask);
  const templates = await brokenTemplates(refs);
  const broken = [...found.broken, ...templates];
  const damaged = new Set(broken.map(({ ref }) => ref));
  settleBroken({ good: refs.filter((ref) => !damaged.has(ref)), broken }, skipBroken, onWarning);
  found.gray.tell(onWarning);
  const [maskless, pairless] = [found.broken, templates].map((faults) => new Set(faults.map(({ ref }) => ref)));
  const readable = refs.map((ref) => {
    const { mask, pair, ...alone } = ref;
    return {
      ...alone,
      ...(mask !== undefined && !maskless?.has(ref) && { mask }),
      ...(pair !== undefined && !pairless?.has(ref) && { pair }),
    };
  });
  return { refs: readable, masks };
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
