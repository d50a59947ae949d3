import { add } from '../../autograd/add.ts';
import { mseLoss } from '../../autograd/losses/mse-loss.ts';
import { mean } from '../../autograd/mean.ts';
import { scale } from '../../autograd/scale.ts';
import { ssimPerImage } from '../../autograd/ssim.ts';
import { noGrad } from '../../autograd/tape.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import { perImage } from '../../kernels/images/per-image.ts';
import { scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Blur, BOX_5X5, differenceMap, excessMap, imageMeasurement } from './difference.ts';

/**
 * What is measured of one image x, with x̂ = G_a2n(x), by name: the numbers that scores are made of. Each is a tensor [1], from the
 * passes that it needs. This list alone says which measurements there are.
 */
const FORMULAS = {
  /** Σ (x − x̂)² over pixels and channels. */
  squaredError: ({ x, reconstruction }) => imageMeasurement('sse', x, reconstruction()),
  /** Mean |x − x̂|. */
  absoluteError: ({ x, reconstruction }) => imageMeasurement('l1', x, reconstruction()),
  /** Mean (x − x̂)⁸. */
  eighthPower: ({ x, reconstruction }) => imageMeasurement('eighth', x, reconstruction()),
  /** The largest value of |x − x̂|, averaged over channels. */
  largestDifference: (passes) => maxOfBox(passes, 1),
  /** The same blurred 5 × 5. */
  blurredMax: ({ heatmap }) => imageMeasurement('max', heatmap()),
  /** The same blurred 3 × 3, 9 × 9 and 17 × 17. */
  blurredMax3: (passes) => maxOfBox(passes, 3),
  blurredMax9: (passes) => maxOfBox(passes, 9),
  blurredMax17: (passes) => maxOfBox(passes, 17),
  /** Structural similarity of x and x̂; 1 for equal images. */
  similarity: ({ x, reconstruction }) => ssimPerImage(x, reconstruction()),
  /** That of the window and channel where they are least alike. */
  leastSimilarity: ({ x, reconstruction }) => ssimPerImage(x, reconstruction(), 'min'),
  /** Mean of D_n(x); high where the image looks normal. */
  normality: ({ logitsOfNormal }) => mean(logitsOfNormal()),
  /** Mean of D_a(x); high where the image looks abnormal. */
  abnormality: ({ logitsOfAbnormal }) => mean(logitsOfAbnormal()),
  /** D_n of the patch of x that looks least normal. */
  leastNormality: ({ logitsOfNormal }) => extreme('min', logitsOfNormal()),
  /** The largest D_a − D_n of a patch of x. */
  strangestPatch: ({ logitsOfNormal, logitsOfAbnormal }) =>
    extreme('max', add(logitsOfAbnormal(), scale(logitsOfNormal(), -1))),
  /** Mean x − x̂: how much light the generator takes away everywhere. */
  meanExcess: ({ x, reconstruction }) => imageMeasurement('mean', excessMap(x, reconstruction(), box(1))),
  /** The least and the largest value of x − x̂, averaged over channels and blurred 5 × 5: what is too dark, and too bright. */
  leastExcess: ({ excess }) => imageMeasurement('min', excess()),
  largestExcess: ({ excess }) => imageMeasurement('max', excess()),
  /** The same blurred 3 × 3. */
  leastExcess3: ({ excess3 }) => imageMeasurement('min', excess3()),
  largestExcess3: ({ excess3 }) => imageMeasurement('max', excess3()),
  /** Mean (f(x) − f(x̂))² over the features f of D_n's last hidden layer. */
  featureError: ({ networks, features, reconstruction }) =>
    mseLoss(features(), last(networks.D_A.hidden(reconstruction()))),
  /** Mean |x − G_n2a(x̂)|. */
  cycleError: ({ networks, x, reconstruction }) => imageMeasurement('l1', x, networks.G_B.forward(reconstruction())),
  /** Mean (x − G_n2a(x))² over pixels and channels. */
  squaredErrorOfAbnormal: ({ networks, x }) => mseLoss(x, networks.G_B.forward(x)),
} satisfies Readonly<Record<string, (passes: Passes) => Tensor>>;

export type MeasurementName = keyof typeof FORMULAS;

/** The measurements of an image, read back, and its pixels × channels. */
export type Measurements = Readonly<Record<MeasurementName, number>> & { readonly size: number };

/** Everything that is measured. */
export const MEASUREMENT_NAMES: readonly MeasurementName[] = Object.keys(FORMULAS).filter(isMeasurementName);

/** x̂ [1, H, W, C], and the heat map [1, H, W, 1]. */
export type DevicePictures = { readonly reconstruction: Tensor; readonly heatmap: Tensor };

/** What {@link measure} makes of one image. */
type DeviceMeasurements = {
  /** The wanted measurements, each [1], in the order in which they were asked for. */
  readonly values: readonly Tensor[];
  /** Only where they were asked for. */
  readonly pictures: DevicePictures | null;
};

interface MeasureOptions {
  /** All by default. */
  wanted?: readonly MeasurementName[];
  /** Default true. */
  wantsPictures?: boolean;
  /** Taken for x̂ instead of what G_a2n makes of x. */
  given?: Tensor;
}

/**
 * Runs the networks as far as the wanted measurements need them, and none of them twice on the same image.
 *
 * @param x one image [1, H, W, C] in [−1, 1], its sides multiples of 4
 */
export function measure(
  networks: Networks,
  x: Tensor,
  { wanted = MEASUREMENT_NAMES, wantsPictures = true, given }: MeasureOptions = {},
): DeviceMeasurements {
  return scope(() =>
    noGrad((): DeviceMeasurements => {
      const passes = passesOf(networks, x, given);
      const values = wanted.map((name) => FORMULAS[name](passes));
      const { reconstruction, heatmap } = passes;
      return { values, pictures: wantsPictures ? { reconstruction: reconstruction(), heatmap: heatmap() } : null };
    }),
  );
}

/** @param values the wanted measurements, read back; the others are NaN. @param size pixels × channels of the image */
export function readMeasurements(values: Float32Array, wanted: readonly MeasurementName[], size: number): Measurements {
  const measurements = Object.fromEntries(MEASUREMENT_NAMES.map((name) => [name, Number.NaN]));
  for (const [i, name] of wanted.entries()) measurements[name] = values[i] ?? Number.NaN;
  return { ...(measurements as Record<MeasurementName, number>), size };
}

/** What several measurements are made of, each made when it is first asked for. */
type Passes = ReturnType<typeof passesOf>;

function passesOf(networks: Networks, x: Tensor, given: Tensor | undefined) {
  const reconstruction = once(() => given ?? networks.G_A.forward(x));
  const features = once(() => last(networks.D_A.hidden(x)));
  return {
    networks,
    x,
    reconstruction,
    heatmap: once(() => differenceMap(x, reconstruction(), BOX_5X5)),
    excess: once(() => excessMap(x, reconstruction(), BOX_5X5)),
    excess3: once(() => excessMap(x, reconstruction(), box(3))),
    /** Of D_n's last hidden layer. */
    features,
    /** One for each patch. */
    logitsOfNormal: once(() => networks.D_A.judge([features()])),
    logitsOfAbnormal: once(() => networks.D_B.forward(x)),
  };
}

/** Over all patches, also those of an image that was seen in tiles. */
function extreme(kind: 'min' | 'max', logits: Tensor): Tensor {
  const out = Tensor.empty(logits.device, [1]);
  perImage(logits.device, { kind, a: logits.slice, b: null, out: out.slice, images: 1, count: logits.size });
  return out;
}

function maxOfBox({ x, reconstruction }: Passes, side: number): Tensor {
  return imageMeasurement('max', differenceMap(x, reconstruction(), box(side)));
}

function box(side: number): Blur {
  return { radius: (side - 1) / 2, sigma: Number.POSITIVE_INFINITY };
}

function last(hidden: readonly Tensor[]): Tensor {
  const features = hidden.at(-1);
  if (!features) throw new Error('A discriminator without hidden layers has no features.');
  return features;
}

function once(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function isMeasurementName(name: string): name is MeasurementName {
  return name in FORMULAS;
}
