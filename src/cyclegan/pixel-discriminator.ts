import type { Device } from '../gpu/device.ts';
import { Conv2d } from '../layers/conv2d.ts';
import { normalInitialiser } from '../layers/init.ts';
import { InstanceNorm2d } from '../layers/instance-norm2d.ts';
import type { Module } from '../layers/module.ts';
import { Sequential } from '../layers/sequential.ts';
import { type DiscriminatorOptions, requireWhole } from './networks.ts';

/**
 * The reference's discriminator of single pixels, by 1×1 convolutions: x [N,H,W,channels] → a map of logits [N,H,W,1]. Instance norm without
 * affine, so that images need more than one pixel.
 *
 * @throws CyclopsError unless channels and ndf are whole numbers from 1 on
 *
 * Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", arXiv 1611.07004, appendix 6.1.2.
 */
export function pixelDiscriminator(device: Device, options: Omit<DiscriminatorOptions, 'layers'>): Module {
  const { channels, ndf } = options;
  for (const [name, value] of Object.entries({ channels, ndf })) requireWhole('discriminator', name, value, 1);
  const init = normalInitialiser(device, options);
  const stem = { inChannels: channels, outChannels: ndf, kernelSize: 1, activation: 'leaky_relu' } as const;
  return new Sequential([
    ['net.0', new Conv2d(stem, init)],
    ['net.2', new Conv2d({ inChannels: ndf, outChannels: 2 * ndf, kernelSize: 1, deadBias: true }, init)],
    ['net.3', new InstanceNorm2d({ activation: 'leaky_relu' })],
    ['net.5', new Conv2d({ inChannels: 2 * ndf, outChannels: 1, kernelSize: 1 }, init)],
  ]);
}
