import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { type BankOptions, ImageBank } from '../../data/images/bank.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';

import type { Device } from '../../gpu/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** An image as the networks see it: [1, H, W, C] in [−1, 1], cut to a multiple of 4. */
export function wholeImage(device: Device, image: DecodedImage, options: BankOptions): Tensor {
  const bank = new ImageBank(device, options);
  try {
    bank.add(image);
    return bank.whole(0, SIDE_MULTIPLE);
  } finally {
    bank.dispose();
  }
}
