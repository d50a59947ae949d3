import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { Size } from '../../data/images/bank.ts';
import { type Mask, readMask } from '../../data/images/mask.ts';
import type { Take } from '../../data/images/room.ts';
import { madeAhead } from './ahead.ts';
import type { BrokenFile } from './decode-images.ts';
import type { GrayMasks } from './gray-masks.ts';

/** Sides of a mask may be rounded, but not those of another picture, or of one that lies on its side. */
const SHAPE_TOLERANCE = 0.02;

/** Gets what is found in masks besides where defects are. */
export interface MaskFindings {
  /** Those that cannot be used. */
  broken: BrokenFile[];
  gray: GrayMasks;
}

/**
 * Reads the masks of images, those that have one that can be used.
 *
 * @param sizes of images, by file, lying as they are shown; a mask has to have the shape of its image
 */
export async function* readMasks(
  refs: readonly ImageRef[],
  sizes: ReadonlyMap<string, Size>,
  { broken, gray }: MaskFindings,
): AsyncGenerator<{ ref: ImageRef; mask: Mask }> {
  const masked = refs.flatMap((ref) => (ref.mask === undefined ? [] : [{ ref, path: ref.mask }]));
  const read = ({ path }: { path: string }, take: Take) => readMask(path, take);
  for await (const { item, made: mask, reason } of madeAhead(masked, read, ({ inside }) => inside.length)) {
    const { ref, path } = item;
    const fault = mask ? shapeFault(path, mask, sizes.get(ref.file)) : reason;
    if (fault !== null) broken.push({ ref, reason: fault });
    if (fault !== null || !mask) continue;
    gray.see(path, mask);
    yield { ref, mask };
  }
}

function shapeFault(path: string, mask: Size, image: Size | undefined): string | null {
  if (!image) return null;
  const [across, along] = [mask.width / image.width, mask.height / image.height];
  if (Math.abs(across / along - 1) <= SHAPE_TOLERANCE || Math.abs(across * image.height - along * image.height) <= 1)
    return null;
  return (
    `the mask ${path} has ${mask.width} × ${mask.height} pixels, but its image ${image.width} × ${image.height} as it is shown: expected the same ` +
    'shape. Where the camera says in Exif that the picture is to be turned, turn the mask likewise.'
  );
}
