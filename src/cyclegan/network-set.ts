import type { Device } from '../gpu/device.ts';
import {
  type Discriminator,
  discriminatorParameters,
  type Generator,
  generatorParameters,
  patchDiscriminator,
  resnetGenerator,
} from './networks.ts';
import { unetDiscriminator, unetParameters } from './unet-discriminator.ts';

/** The networks of a Cycle-GAN by their names in the reference. */
export interface Networks {
  /** A → B. */
  G_A: Generator;
  /** B → A. */
  G_B: Generator;
  /** Judges images of B. */
  D_A: Discriminator;
  /** Judges images of A. */
  D_B: Discriminator;
}

export type NetworkName = keyof Networks;

/** In the order of files. */
export const NETWORK_NAMES = ['G_A', 'G_B', 'D_A', 'D_B'] as const satisfies readonly NetworkName[];

/** What decides the shapes of all weights. */
export interface Architecture {
  /** Channels of the images: 3 for colour, 1 for gray. */
  channels: number;
  ngf: number;
  /** The kind of D_A, the discriminator of normal images; the reference's unless told otherwise. */
  netD?: 'patch' | 'unet';
  ndf: number;
  /** Residual blocks of a generator. */
  blocks: number;
  /** Layers of stride 2 in a discriminator. */
  discriminatorLayers: number;
}

/**
 * The four networks with their first weights.
 *
 * @param seed of these, of which each network has a stream of its own, 0 to 3
 */
export function makeNetworks(
  device: Device,
  { channels, ngf, netD, ndf, blocks, discriminatorLayers: layers }: Architecture,
  seed: number,
): Networks {
  const generator = (stream: number) => resnetGenerator(device, { channels, ngf, blocks, seed, stream });
  const options = (stream: number) => ({ channels, ndf, layers, seed, stream });
  const D_A = netD === 'unet' ? unetDiscriminator(device, options(2)) : patchDiscriminator(device, options(2));
  return { G_A: generator(0), G_B: generator(1), D_A, D_B: patchDiscriminator(device, options(3)) };
}

/** How many numbers the networks' state dicts hold together. */
export function countParameters({
  channels,
  ngf,
  netD,
  ndf,
  blocks,
  discriminatorLayers: layers,
}: Architecture): number {
  const sizes = { channels, ndf, layers };
  const ofNormal = netD === 'unet' ? unetParameters(sizes) : discriminatorParameters(sizes);
  return 2 * generatorParameters({ channels, ngf, blocks }) + ofNormal + discriminatorParameters(sizes);
}
