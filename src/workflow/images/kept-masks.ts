import type { ImageRef } from '../../data/datasets/dataset.ts';
import { type Mask, readMask } from '../../data/images/mask.ts';
import { type PackedMask, packMask, unpackMask } from '../../data/images/packed-mask.ts';

/** Those of a hundred thousand photographs, and an end to what masks of noise may take. */
const MOST_BYTES = 2 ** 28;

/** Masks that were read before the work begins, until their images come. Those that memory does not hold are read again. */
export class KeptMasks {
  /** By the file of the image. */
  private readonly packed = new Map<string, PackedMask>();
  private bytes = 0;

  /** @param most bytes that they may take */
  constructor(private readonly most: number = MOST_BYTES) {}

  keep({ file }: ImageRef, mask: Mask): void {
    const packed = packMask(mask);
    const { length } = packed.bits;
    if (this.bytes + length > this.most) return;
    this.bytes += length;
    this.packed.set(file, packed);
  }

  /** The mask of an image, which is not asked for again; null where it has none. @throws CyclopsError when it cannot be read again */
  async take({ file, mask }: ImageRef): Promise<Mask | null> {
    if (mask === undefined) return null;
    const packed = this.packed.get(file);
    if (!packed) return readMask(mask);
    this.packed.delete(file);
    this.bytes -= packed.bits.length;
    return unpackMask(packed);
  }
}
