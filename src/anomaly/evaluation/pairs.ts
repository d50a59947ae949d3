import { ssimPerImage } from '../../autograd/ssim.ts';
import { noGrad } from '../../autograd/tape.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';

import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DetectorNetworks } from '../detector/detector-networks.ts';
import { wholeImage } from '../detector/whole-image.ts';
import { cropImage, seenAtOnce } from '../detector/windows.ts';
import { imageMeasurement } from '../maps/difference.ts';

/** An abnormal image, and its template: what it would look like without its defect, aligned. */
export interface ImagePair {
  image: DecodedImage;
  template: DecodedImage;
}

/** How far an image is from its template. */
export interface Closeness {
  /** Mean absolute error of a pixel and channel, where black is 0 and white is 1. */
  mae: number;
  /** Structural similarity, 1 for equal images. */
  ssim: number;
}

/** How close G_a2n gets to what is right, the mean over images that have a template. */
export interface PairReport {
  images: number;
  /** Of x̂ = G_a2n(x). */
  translated: Closeness;
  /** Of x itself: doing nothing. */
  untouched: Closeness;
}

/** Images are in [−1, 1], which is twice as wide as [0, 1]. */
const GRAY_RANGE = 2;

/** Compares images and what G_a2n makes of them with their templates, one after another, at the size at which they are judged. */
export class PairComparison {
  private readonly found: Omit<PairReport, 'images'>[] = [];

  constructor(private readonly detector: DetectorNetworks) {}

  async add(pair: ImagePair): Promise<void> {
    const { image, beside: template } = await seenAtOnce(this.detector, pair.image, pair.template, cropImage);
    this.found.push(await comparePair(this.detector, template ? { image, template } : pair));
  }

  /** Null without pairs. */
  report(): PairReport | null {
    const { found } = this;
    if (found.length === 0) return null;
    const mean = (of: 'translated' | 'untouched') => ({
      mae: found.reduce((sum, pair) => sum + pair[of].mae, 0) / found.length,
      ssim: found.reduce((sum, pair) => sum + pair[of].ssim, 0) / found.length,
    });
    return { images: found.length, translated: mean('translated'), untouched: mean('untouched') };
  }
}

async function comparePair({ device, networks, sizeFor, shown }: DetectorNetworks, { image, template }: ImagePair) {
  const x = wholeImage(device, image, shown);
  const right = wholeImage(device, template, { ...shown, loadSize: sizeFor(image) });
  const measured = scope(() =>
    noGrad(() => {
      const made = networks.G_A.forward(x);
      return [x, made].flatMap((shown) => [imageMeasurement('l1', shown, right), ssimPerImage(shown, right)]);
    }),
  );
  const [mae, ssim, madeMae, madeSsim] = await Promise.all(measured.map(firstOf));
  for (const tensor of [x, right, ...measured]) tensor.dispose();
  return {
    translated: { mae: (madeMae ?? Number.NaN) / GRAY_RANGE, ssim: madeSsim ?? Number.NaN },
    untouched: { mae: (mae ?? Number.NaN) / GRAY_RANGE, ssim: ssim ?? Number.NaN },
  };
}

async function firstOf(tensor: Tensor): Promise<number> {
  return (await tensor.data())[0] ?? Number.NaN;
}
