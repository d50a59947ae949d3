import type { DecodedImage, LargeImage } from '../../data/images/decoded-image.ts';
import type { AnomalyMap } from '../maps/map.ts';
import type { Score } from '../scores/score.ts';
import type { DetectorNetworks } from './detector-networks.ts';

/** What to find in an image; the networks run only as far as it needs. */
export interface ImageRequest {
  scores: readonly Score[];
  /** Maps to be read back as they lie in the image; none unless told otherwise. */
  maps?: readonly AnomalyMap[];
  /** Whether image and reconstruction are wanted as pictures. */
  pictures?: boolean;
  /** Is told how many windows of a large image are done, from none on. */
  onWindow?: ((done: number, total: number) => void) | undefined;
}

/** An image, and what to find in it. */
export interface AskedImage {
  image: DecodedImage | LargeImage;
  request: ImageRequest;
}

/** Images that the networks see at once, of one size. */
export type Batch = readonly [AskedImage, ...AskedImage[]];

/** The most images that the networks see at once: each wants memory for all its layers. */
const MOST = 8;
/** Channels of the widest layer that has an image's full size. */
const WIDEST = 256;
/** Bytes of decoded images that wait for a batch to fill. */
const WAITING = 2 ** 26;

/** How many images a detector's networks see at once: no more than a device holds, and one where they see tiles. */
export function batchSize({ device, tile, config: { loadSize } }: DetectorNetworks): number {
  if (tile !== null) return 1;
  const fitting = Math.floor(device.limits.maxStorageBufferBindingSize / (4 * WIDEST * loadSize ** 2));
  return Math.max(1, Math.min(MOST, fitting));
}

/** Images one after another as batches that the networks can see at once. */
export async function* inBatches(
  detector: DetectorNetworks,
  images: Iterable<DecodedImage | LargeImage> | AsyncIterable<DecodedImage | LargeImage>,
  request: (index: number) => ImageRequest,
): AsyncGenerator<Batch> {
  const most = batchSize(detector);
  let batch: Batch | null = null;
  let index = 0;
  for await (const image of images) {
    const asked: AskedImage = { image, request: request(index) };
    const filled: Batch = batch ? [...batch, asked] : [asked];
    index += 1;
    batch = filled.length < most && !isLarge(filled) ? filled : null;
    if (batch === null) yield filled;
  }
  if (batch) yield batch;
}

/** Whether the decoded images of a batch are so large that others have to wait. */
export function isLarge(batch: Batch): boolean {
  return batch.reduce((bytes, { image }) => bytes + ('pixels' in image ? image.pixels.byteLength : 0), 0) >= WAITING;
}
