import type { Networks } from '../../cyclegan/network-set.ts';
import { loadNetworks } from '../../cyclegan/run/checkpoint.ts';
import { type Checkpoint, openCheckpoint } from '../../cyclegan/run/checkpoint-head.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import type { Device } from '../../gpu/device.ts';
import { type DetectorNetworks, prepareNetworks } from './detector-networks.ts';

/**
 * Loads the networks of a run's last checkpoint, averaged where training did so.
 *
 * @param tile as for {@link prepareNetworks}
 * @throws CyclopsError when it is missing, damaged or holds NaN
 */
export function openRunNetworks(device: Device, run: RunFolder, tile: number | null = null): DetectorNetworks {
  return openCheckpointNetworks(device, openCheckpoint(run.checkpoint), tile);
}

/** The same of a checkpoint that is open already. @throws CyclopsError also when a training has replaced it since */
export function openCheckpointNetworks(
  device: Device,
  { head, files }: Checkpoint,
  tile: number | null = null,
): DetectorNetworks {
  const load = (networks: Networks) => loadNetworks(files, networks, head.config.ema > 0);
  return prepareNetworks(device, head, load, tile);
}
