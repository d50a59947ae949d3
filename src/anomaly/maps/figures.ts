import { add } from '../../autograd/add.ts';
import { mean } from '../../autograd/mean.ts';
import { mseLoss } from '../../autograd/mse-loss.ts';
import { scale } from '../../autograd/scale.ts';
import { ssimPerImage } from '../../autograd/ssim.ts';
import { noGrad } from '../../autograd/tape.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import { perImage } from '../../kernels/images/per-image.ts';
import { scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Blur, BOX_5X5, differenceMap, excessMap, imageFigure } from './difference.ts';

/** What the networks say of one image x, with x̂ = G_a2n(x): the numbers that scores are made of. */
export interface Figures {
  /** Σ (x − x̂)² over pixels and channels. */
  squaredError: number;
  /** Mean |x − x̂|. */
  absoluteError: number;
  /** Mean (x − x̂)⁸. */
  eighthPower: number;
  /** The largest value of |x − x̂|, averaged over channels. */
  largestDifference: number;
  /** The same blurred 5 × 5. */
  blurredMax: number;
  /** The same blurred 3 × 3, 9 × 9 and 17 × 17. */
  blurredMax3: number;
  blurredMax9: number;
  blurredMax17: number;
  /** Structural similarity of x and x̂; 1 for equal images. */
  similarity: number;
  /** That of the window and channel where they are least alike. */
  leastSimilarity: number;
  /** Mean of D_n(x); high where the image looks normal. */
  normality: number;
  /** Mean of D_a(x); high where the image looks abnormal. */
  abnormality: number;
  /** D_n of the patch of x that looks least normal. */
  leastNormality: number;
  /** The largest D_a − D_n of a patch of x. */
  strangestPatch: number;
  /** Mean x − x̂: how much light the generator takes away everywhere. */
  meanExcess: number;
  /** The least and the largest value of x − x̂, averaged over channels and blurred 5 × 5: what is too dark, and too bright. */
  leastExcess: number;
  largestExcess: number;
  /** The same blurred 3 × 3. */
  leastExcess3: number;
  largestExcess3: number;
  /** Mean (f(x) − f(x̂))² over the features f of D_n's last hidden layer. */
  featureError: number;
  /** Mean |x − G_n2a(x̂)|. */
  cycleError: number;
  /** Mean (x − G_n2a(x))² over pixels and channels. */
  squaredErrorOfAbnormal: number;
  /** Pixels × channels. */
  size: number;
}

/** A figure that is measured. */
export type FigureName = Exclude<keyof Figures, 'size'>;

/** Each figure as a tensor [1], from the passes that it needs. */
const FORMULAS: { readonly [F in FigureName]: (passes: Passes) => Tensor } = {
  squaredError: ({ x, reconstruction }) => imageFigure('sse', x, reconstruction()),
  absoluteError: ({ x, reconstruction }) => imageFigure('l1', x, reconstruction()),
  eighthPower: ({ x, reconstruction }) => imageFigure('eighth', x, reconstruction()),
  largestDifference: (passes) => maxOfBox(passes, 1),
  blurredMax: ({ heatmap }) => imageFigure('max', heatmap()),
  blurredMax3: (passes) => maxOfBox(passes, 3),
  blurredMax9: (passes) => maxOfBox(passes, 9),
  blurredMax17: (passes) => maxOfBox(passes, 17),
  similarity: ({ x, reconstruction }) => ssimPerImage(x, reconstruction()),
  leastSimilarity: ({ x, reconstruction }) => ssimPerImage(x, reconstruction(), 'min'),
  normality: ({ logitsOfNormal }) => mean(logitsOfNormal()),
  abnormality: ({ logitsOfAbnormal }) => mean(logitsOfAbnormal()),
  leastNormality: ({ logitsOfNormal }) => extreme('min', logitsOfNormal()),
  strangestPatch: ({ logitsOfNormal, logitsOfAbnormal }) =>
    extreme('max', add(logitsOfAbnormal(), scale(logitsOfNormal(), -1))),
  meanExcess: ({ x, reconstruction }) => imageFigure('mean', excessMap(x, reconstruction(), box(1))),
  leastExcess: ({ excess }) => imageFigure('min', excess()),
  largestExcess: ({ excess }) => imageFigure('max', excess()),
  leastExcess3: ({ excess3 }) => imageFigure('min', excess3()),
  largestExcess3: ({ excess3 }) => imageFigure('max', excess3()),
  featureError: ({ networks, features, reconstruction }) =>
    mseLoss(features(), networks.D_A.features(reconstruction())),
  cycleError: ({ networks, x, reconstruction }) => imageFigure('l1', x, networks.G_B.forward(reconstruction())),
  squaredErrorOfAbnormal: ({ networks, x }) => mseLoss(x, networks.G_B.forward(x)),
};

/** Everything that is measured. */
export const FIGURE_NAMES: readonly FigureName[] = Object.keys(FORMULAS).filter(isFigureName);

/** x̂ [1, H, W, C], and the heat map [1, H, W, 1]. */
export type DevicePictures = { readonly reconstruction: Tensor; readonly heatmap: Tensor };

/** What {@link measure} makes of one image. */
export type DeviceFigures = {
  /** The wanted figures, each [1], in the order in which they were asked for. */
  readonly values: readonly Tensor[];
  /** Only where they were asked for. */
  readonly pictures: DevicePictures | null;
};

/**
 * Runs the networks as far as the wanted figures need them, and none of them twice on the same image.
 *
 * @param x one image [1, H, W, C] in [−1, 1], its sides multiples of 4
 * @param given taken for x̂ instead of what G_a2n makes of x
 */
export function measure(
  networks: Networks,
  x: Tensor,
  wanted: readonly FigureName[] = FIGURE_NAMES,
  wantsPictures = true,
  given?: Tensor,
): DeviceFigures {
  return scope(() =>
    noGrad((): DeviceFigures => {
      const passes = passesOf(networks, x, given);
      const values = wanted.map((name) => FORMULAS[name](passes));
      const { reconstruction, heatmap } = passes;
      return { values, pictures: wantsPictures ? { reconstruction: reconstruction(), heatmap: heatmap() } : null };
    }),
  );
}

/** @param values the wanted figures, read back; the others are NaN. @param size pixels × channels of the image */
export function readFigures(values: Float32Array, wanted: readonly FigureName[], size: number): Figures {
  const at = (name: FigureName) => values[wanted.indexOf(name)] ?? Number.NaN;
  return {
    squaredError: at('squaredError'),
    absoluteError: at('absoluteError'),
    eighthPower: at('eighthPower'),
    largestDifference: at('largestDifference'),
    blurredMax: at('blurredMax'),
    blurredMax3: at('blurredMax3'),
    blurredMax9: at('blurredMax9'),
    blurredMax17: at('blurredMax17'),
    similarity: at('similarity'),
    leastSimilarity: at('leastSimilarity'),
    normality: at('normality'),
    abnormality: at('abnormality'),
    leastNormality: at('leastNormality'),
    strangestPatch: at('strangestPatch'),
    meanExcess: at('meanExcess'),
    leastExcess: at('leastExcess'),
    largestExcess: at('largestExcess'),
    leastExcess3: at('leastExcess3'),
    largestExcess3: at('largestExcess3'),
    featureError: at('featureError'),
    cycleError: at('cycleError'),
    squaredErrorOfAbnormal: at('squaredErrorOfAbnormal'),
    size,
  };
}

/** What several figures are made of, each made when it is first asked for. */
type Passes = ReturnType<typeof passesOf>;

function passesOf(networks: Networks, x: Tensor, given: Tensor | undefined) {
  const reconstruction = once(() => given ?? networks.G_A.forward(x));
  const features = once(() => networks.D_A.features(x));
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
    logitsOfNormal: once(() => networks.D_A.judge(features())),
    logitsOfAbnormal: once(() => networks.D_B.forward(x)),
  };
}

/** Over all patches, also those of an image that was seen in tiles. */
function extreme(kind: 'min' | 'max', logits: Tensor): Tensor {
  const out = Tensor.empty(logits.device, [1]);
  perImage(logits.device, kind, logits.slice, null, out.slice, 1, logits.size);
  return out;
}

function maxOfBox({ x, reconstruction }: Passes, side: number): Tensor {
  return imageFigure('max', differenceMap(x, reconstruction(), box(side)));
}

function box(side: number): Blur {
  return { radius: (side - 1) / 2, sigma: Number.POSITIVE_INFINITY };
}

function once(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function isFigureName(name: string): name is FigureName {
  return name in FORMULAS;
}
