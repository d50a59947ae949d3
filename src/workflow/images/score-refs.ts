import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { type ImageRequest, type ImageResult, scoreImages } from '../../anomaly/detector/score-images.ts';
import type { ImageStatistics } from '../../anomaly/scores/image-statistics.ts';
import type { ScoredImage } from '../../anomaly/scores/scored-image.ts';

import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { CyclopsError } from '../../gpu/errors.ts';
import type { BrokenFile, ImageDecoder } from './decode-images.ts';

/** What a detector finds in an image, and which image it is. */
export interface ScoredRef extends ImageResult {
  ref: ImageRef;
}

/**
 * Scores the images that a decoder can read, each as soon as it is done.
 *
 * @param request what to find in an image @param faults takes images that can be read, and not be scored; without, what is wrong is thrown
 */
export async function* scoreRefs(
  detector: DetectorNetworks,
  decoder: ImageDecoder,
  request: (ref: ImageRef) => ImageRequest,
  faults?: BrokenFile[],
): AsyncGenerator<ScoredRef> {
  const refOf = (index: number) => {
    const ref = decoder.good[index];
    if (ref) return ref;
    throw new Error('An image was scored that was not decoded.');
  };
  let index = 0;
  const onFault = (at: number, { message }: CyclopsError) => {
    const ref = refOf(at);
    faults?.push({ ref, reason: message.includes(ref.path) ? message : `${ref.path} cannot be scored: ${message}` });
    index = at + 1;
  };
  // In tiles an image may have any size, where its score alone is wanted.
  const images = faults && detector.tile !== null ? decoder.imagesOfAnySize() : decoder.images();
  const results = scoreImages(detector, images, (i) => request(refOf(i)), faults && onFault);
  for await (const result of results) yield { ref: refOf(index++), ...result };
}

/** What calibration and evaluation know of an image once it is scored. */
export function scoredImage(
  { ref: { file, label, type, group }, scores }: ScoredRef,
  statistics: ImageStatistics | undefined,
): ScoredImage {
  const known = { ...(type && { type }), ...(group && { group }), ...(statistics && { statistics }) };
  return { file, label, ...known, scores };
}
