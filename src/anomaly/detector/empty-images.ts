/** Images without contents, to see which kernels their scores take. */
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { adoptChoices } from '../../kernels/tuning/choices.ts';
import { scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { heatMapCandidates } from '../maps/list.ts';
import { partsOf, scoresFor } from '../scores/list.ts';
import { measure } from '../scores/measure.ts';
import { batchSize } from './batches.ts';
import type { DetectorNetworks } from './detector-networks.ts';

/** So many images, or tiles, as a detector's networks see them. */
export function emptyImages({ device, tile, config: { loadSize, inputNc } }: DetectorNetworks, images: number): Tensor {
  const largest = Math.min(loadSize, tile ?? loadSize);
  const side = largest - (largest % SIDE_MULTIPLE);
  return Tensor.empty(device, [images, side, side, inputNc]);
}

/** Every score and heat map of so many images. */
export function scoreEmpty(detector: DetectorNetworks, images: number): void {
  const { networks, tile, judged } = detector;
  const parts = partsOf(scoresFor(networks));
  scope(
    () =>
      void measure(networks, emptyImages(detector, images), { parts, maps: heatMapCandidates(networks), tile, judged }),
  );
}

/** Lets batches that are not full have the kernels of full ones, so that an image gets the same bits however many come with it. */
export function alikeInBatches(
  detector: DetectorNetworks,
  work: (detector: DetectorNetworks, images: number) => void,
): void {
  const full = batchSize(detector);
  for (let images = 1; images < full; images++) {
    adoptChoices(
      detector.device,
      () => work(detector, full),
      () => work(detector, images),
    );
  }
}
