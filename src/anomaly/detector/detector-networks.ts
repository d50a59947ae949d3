import {
  architectureOf,
  imageOptions,
  type JudgedSizes,
  judgedSizes,
  type TrainingConfig,
} from '../../cyclegan/config.ts';
import { absentNetworks, type Manifest } from '../../cyclegan/manifest.ts';
import { makeNetworks, type Networks } from '../../cyclegan/network-set.ts';
import type { BankOptions, Size } from '../../data/images/bank.ts';
import type { Device } from '../../gpu/device.ts';
import { SMALLEST_TILE } from '../maps/tiles.ts';
import { tiledNetworks } from './tiled-networks.ts';

/** A trained run's networks, ready to judge and to translate images. */
export interface DetectorNetworks {
  readonly device: Device;
  readonly config: TrainingConfig;
  readonly manifest: Manifest;
  readonly networks: Networks;
  /** The largest side of what the networks see at once; null where they see whole images. */
  readonly tile: number | null;
  readonly judged: JudgedSizes;
  /** The size at which an image is judged. */
  sizeFor(image: Size): Size;
  /** How images come before its networks. */
  readonly shown: BankOptions;
  dispose(): void;
}

/**
 * Makes networks and gives them their weights. Those that the model does not have are absent.
 *
 * @param load its errors are passed on, and the networks freed
 * @param tile where given, images larger than the run's size keep their own, and networks see them in overlapping tiles of at
 *   most this side, a multiple of 4
 */
export function prepareNetworks(
  device: Device,
  { config, manifest }: { config: TrainingConfig; manifest: Manifest },
  load: (networks: Networks) => void,
  tile: number | null = null,
): DetectorNetworks {
  const networks = makeNetworks(device, architectureOf(config), config.seed, absentNetworks(manifest));
  // They are not trained, and a map that needs a gradient wants that of the image alone.
  for (const network of Object.values(networks)) network.setRequiresGrad(false);
  const dispose = () => {
    for (const network of Object.values(networks)) network.dispose();
  };
  try {
    load(networks);
  } catch (error) {
    dispose();
    throw error;
  }
  const { loadSize } = config;
  const isTiled = ({ width, height }: Size) =>
    tile !== null && Math.max(width, height) > loadSize && Math.min(width, height) >= SMALLEST_TILE;
  const sizeFor = (image: Size) => {
    const { width, height } = isTiled(image) ? image : { width: loadSize, height: loadSize };
    return { width, height };
  };
  return {
    device,
    config,
    manifest,
    networks: tile === null ? networks : tiledNetworks(networks, tile),
    tile,
    judged: judgedSizes(config),
    sizeFor,
    shown: { ...imageOptions(config), loadSize: sizeFor },
    dispose,
  };
}
