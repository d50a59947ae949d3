import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { type ImageRequest, type ImageResult, scoreImages } from '../../anomaly/detector/score-images.ts';
import type { ImageStatistics } from '../../anomaly/scores/image-statistics.ts';
import type { ScoredImage } from '../../anomaly/scores/scored-image.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { CyclopsError, OutOfMemoryError } from '../../gpu/errors.ts';
import type { BrokenFile, ImageDecoder } from './decode-images.ts';

/** What a detector finds in an image, and which image it is. */
export interface ScoredRef extends ImageResult {
  ref: ImageRef;
}

interface ScoreRefsOptions {
  /** Takes images that can be read, and not be scored; without, what is wrong is thrown. */
  faults?: BrokenFile[] | undefined;
  /** Whether images are read too that are too large to be decoded at once. Their score alone is wanted, and it is made in tiles. */
  ofAnySize?: boolean;
}

/**
 * Scores the images that a decoder can read, each as soon as it is done.
 *
 * @param request what to find in an image @throws CyclopsError that names the image
 */
export async function* scoreRefs(
  detector: DetectorNetworks,
  decoder: ImageDecoder,
  request: (ref: ImageRef) => ImageRequest,
  { faults, ofAnySize = false }: ScoreRefsOptions = {},
): AsyncGenerator<ScoredRef> {
  const refOf = (index: number) => {
    const ref = decoder.good[index];
    if (ref) return ref;
    throw new Error('An image was scored that was not decoded.');
  };
  let index = 0;
  const onFault = (at: number, fault: CyclopsError) => {
    const ref = refOf(at);
    const { message } = fault;
    const reason = message.includes(ref.path) ? message : `${ref.path} cannot be scored: ${message}`;
    if (!faults) throw fault instanceof OutOfMemoryError ? new OutOfMemoryError(reason) : new CyclopsError(reason);
    faults.push({ ref, reason });
    index = at + 1;
  };
  const images = ofAnySize ? decoder.imagesOfAnySize() : decoder.images();
  const results = scoreImages(detector, images, (i) => request(refOf(i)), onFault);
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
