import { makeNetworks, type Networks } from '../../../src/cyclegan/network-set.ts';
import { isSegmenting, type SegmentingDiscriminator } from '../../../src/cyclegan/unet-discriminator.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { openPoisoned } from '../../autograd/support.ts';

/** Networks of colour images with random weights, of which D_n is a segmenter, on a poisoned device. */
export async function openSegmenter(): Promise<{
  device: Device;
  networks: Networks;
  judge: SegmentingDiscriminator;
}> {
  const device = await openPoisoned();
  const architecture = { channels: 3, ngf: 4, netD: 'unet', ndf: 4, blocks: 1, discriminatorLayers: 3 } as const;
  const networks = makeNetworks(device, architecture, 11);
  for (const network of Object.values(networks)) network.setRequiresGrad(false);
  if (!isSegmenting(networks.D_A)) throw new Error('no segmenter');
  return { device, networks, judge: networks.D_A };
}
