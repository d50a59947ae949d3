import { SIDE_MULTIPLE } from '../cyclegan/networks.ts';
import { ImageBank, type Size } from '../data/bank.ts';
import type { DecodedImage } from '../data/image.ts';
import type { Device } from '../gpu/device.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** An image as the networks see it: [1, H, W, C] in [−1, 1], resized to `size` and cut to a multiple of 4. */
export async function wholeImage(device: Device, image: DecodedImage, size: Size, channels: 1 | 3): Promise<Tensor> {
  const bank = await ImageBank.create(device, [image], { channels, loadSize: size });
  const tensor = bank.whole(0, SIDE_MULTIPLE);
  bank.dispose();
  return tensor;
}
