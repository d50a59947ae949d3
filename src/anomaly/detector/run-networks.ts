import type { Networks } from '../../cyclegan/network-set.ts';
import { loadNetworks } from '../../cyclegan/run/checkpoint.ts';
import { readCheckpointHead } from '../../cyclegan/run/checkpoint-head.ts';
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
  const head = readCheckpointHead(run.checkpoint);
  const load = (networks: Networks) => loadNetworks(run.checkpoint, networks, head.config.ema > 0);
  return prepareNetworks(device, head, load, tile);
}
