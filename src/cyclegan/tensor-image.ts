import { toBytes } from '../data/images/bank.ts';
import type { ByteImage } from '../data/images/decoded-image.ts';

import { sliceBatch } from '../tensor/slice.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** One of the images [N, H, W, C] in [−1, 1], read back as bytes. */
export async function toImage(images: Tensor, index = 0): Promise<ByteImage> {
  const [, height = 0, width = 0, channels] = images.shape;
  const image = sliceBatch(images, index, index + 1);
  try {
    return { width, height, channels: channels === 1 ? 1 : 3, pixels: await toBytes(image) };
  } finally {
    image.dispose();
  }
}
