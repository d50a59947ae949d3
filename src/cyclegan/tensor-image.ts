import { toBytes } from '../data/images/bank.ts';
import type { ByteImage } from '../data/images/decoded-image.ts';

import type { Tensor } from '../tensor/tensor.ts';

/** An image [1, H, W, C] in [−1, 1], read back as bytes. */
export async function toImage(image: Tensor): Promise<ByteImage> {
  const [, height = 0, width = 0, channels] = image.shape;
  return { width, height, channels: channels === 1 ? 1 : 3, pixels: await toBytes(image) };
}
