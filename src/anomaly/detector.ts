import { loadNetworks, type Manifest, readCheckpointHead } from '../cyclegan/checkpoint.ts';
import type { TrainingConfig } from '../cyclegan/config.ts';
import type { Networks } from '../cyclegan/model.ts';
import { patchDiscriminator, resnetGenerator } from '../cyclegan/networks.ts';
import type { RunFolder } from '../cyclegan/run-folder.ts';
import type { Device } from '../gpu/device.ts';

/** A trained run's networks, ready to judge and to translate images. */
export interface Detector {
  readonly device: Device;
  readonly config: TrainingConfig;
  readonly manifest: Manifest;
  readonly networks: Networks;
  dispose(): void;
}

/**
 * Loads the networks of a run's last checkpoint, the generators averaged where training did so.
 *
 * @throws CyclopsError when it is missing, damaged or holds NaN
 */
export function openDetector(device: Device, run: RunFolder): Detector {
  const head = readCheckpointHead(run.checkpoint);
  return buildDetector(device, head, (networks) => loadNetworks(run.checkpoint, networks, head.config.ema > 0));
}

/** Makes networks and gives them their weights. @param load its errors are passed on, and the networks freed */
export function buildDetector(
  device: Device,
  { config, manifest }: { config: TrainingConfig; manifest: Manifest },
  load: (networks: Networks) => void,
): Detector {
  const { inputNc: channels, ngf, ndf, blocks, seed } = config;
  const generator = (stream: number) => resnetGenerator(device, { channels, ngf, blocks, seed, stream });
  const discriminator = (stream: number) => patchDiscriminator(device, { channels, ndf, layers: 3, seed, stream });
  const networks = { G_A: generator(0), G_B: generator(1), D_A: discriminator(2), D_B: discriminator(3) };
  const dispose = () => {
    for (const network of Object.values(networks)) network.dispose();
  };
  try {
    load(networks);
  } catch (error) {
    dispose();
    throw error;
  }
  return { device, config, manifest, networks, dispose };
}
