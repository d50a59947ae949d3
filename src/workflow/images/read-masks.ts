import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { Size } from '../../data/images/bank.ts';
import { type Mask, readMask } from '../../data/images/mask.ts';
import type { Take } from '../../data/images/room.ts';
import type { Listener } from '../common/listener.ts';
import { madeAhead } from './ahead.ts';
import type { BrokenFile } from './decode-images.ts';

/** A mask with more pixels between black and white than this share of those inside is none of two levels. */
const GRAY_SHARE = 0.05;
/** Sides of a mask may be rounded, but not those of another picture, or of one that lies on its side. */
const SHAPE_TOLERANCE = 0.02;

/** What was found in masks besides where defects are. */
export interface MasksRead {
  /** Of those that cannot be used. */
  broken: BrokenFile[];
  /** Files of masks with many pixels between black and white, and how many each has. */
  gray: { file: string; pixels: number }[];
}

/**
 * Reads the masks of images, those that have one.
 *
 * @param sizes of images, by file, lying as they are shown; a mask has to have the shape of its image
 * @param onMask takes each that can be used
 */
export async function readMasks(
  refs: readonly ImageRef[],
  sizes: ReadonlyMap<string, Size>,
  onMask: (ref: ImageRef, mask: Mask) => void,
): Promise<MasksRead> {
  const masked = refs.flatMap((ref) => (ref.mask === undefined ? [] : [{ ref, path: ref.mask }]));
  const read = ({ path }: { path: string }, take: Take) => readMask(path, take);
  const found: MasksRead = { broken: [], gray: [] };
  for await (const { item, made: mask, reason } of madeAhead(masked, read, ({ inside }) => inside.length)) {
    const { ref, path } = item;
    const fault = mask ? shapeFault(path, mask, sizes.get(ref.file)) : reason;
    if (fault !== null) found.broken.push({ ref, reason: fault });
    if (fault !== null || !mask) continue;
    const inside = mask.inside.reduce((sum, value) => sum + value, 0);
    if (mask.between > GRAY_SHARE * inside) found.gray.push({ file: path, pixels: mask.between });
    onMask(ref, mask);
  }
  return found;
}

/** Says which masks are not black and white. */
export function warnOfGrayMasks(gray: MasksRead['gray'], onWarning: Listener['onWarning']): void {
  const [first] = gray;
  if (!first) return;
  onWarning?.(
    `${gray.length} ${gray.length === 1 ? 'mask has' : 'masks have'} many pixels between black and white, such as ${first.file} with ${first.pixels}: those from half of its maximum ` +
      'on count as inside. JPEG smears edges; save masks as PNG.',
  );
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
