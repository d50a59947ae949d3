import type { Device } from '../gpu/device.ts';
import { AbsentNetwork } from './absent-network.ts';
import { NETWORK_NAMES, type NetworkName } from './network-names.ts';
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
 * @param absent those in whose place stands what refuses to be used
 */
export function makeNetworks(
  device: Device,
  { channels, ngf, netD, ndf, blocks, discriminatorLayers: layers }: Architecture,
  seed: number,
  absent: readonly NetworkName[] = [],
): Networks {
  const generator = (stream: number) => resnetGenerator(device, { channels, ngf, blocks, seed, stream });
  const options = (stream: number) => ({ channels, ndf, layers, seed, stream });
  const present = <N>(name: NetworkName, make: () => N) => (absent.includes(name) ? new AbsentNetwork(name) : make());
  return {
    G_A: present('G_A', () => generator(0)),
    G_B: present('G_B', () => generator(1)),
    D_A: present('D_A', () => (netD === 'unet' ? unetDiscriminator : patchDiscriminator)(device, options(2))),
    D_B: present('D_B', () => patchDiscriminator(device, options(3))),
  };
}

/** How many numbers the networks' state dicts hold together. @param absent networks that are not there */
export function countParameters(
  { channels, ngf, netD, ndf, blocks, discriminatorLayers: layers }: Architecture,
  absent: readonly NetworkName[] = [],
): number {
  const generator = generatorParameters({ channels, ngf, blocks });
  const sizes = { channels, ndf, layers };
  const patch = discriminatorParameters(sizes);
  const counts = { G_A: generator, G_B: generator, D_A: netD === 'unet' ? unetParameters(sizes) : patch, D_B: patch };
  return NETWORK_NAMES.reduce((sum, name) => sum + (absent.includes(name) ? 0 : counts[name]), 0);
}
