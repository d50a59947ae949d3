/**
 * The weight gradients of two batches by Winograd's transform: their products are summed before they are transformed back. Bundles for pages
 * leave this out, by winograd-pair-in-page.ts in place of this file, as winograd-forms.ts.
 */
import type { Device } from '../../gpu/device.ts';
import type { Variant } from '../variant.ts';
import type { WeightGradPairArguments } from './arguments.ts';
import { type JoinedMatmul, joinedMatmul } from './batch-matmul.ts';
import { type ConvProblem, convFlops, problemsOfPair, type WeightGradPairProblem } from './problem.ts';
import {
  canWeightGrad,
  infoOf,
  tileCount,
  weightGradProduct,
  withImagesAndGradient,
  withTransformedWeightGrad,
} from './winograd.ts';
import { type Winograd, winograds } from './winograd-forms.ts';

type PairVariant = Variant<WeightGradPairProblem, WeightGradPairArguments>;

/** A form of the transform whose products can be joined, and what joins them. */
interface Joining {
  readonly form: Winograd;
  readonly joined: JoinedMatmul;
}

const joinings: readonly Joining[] = winograds.flatMap((form) => {
  const { joined } = form.way;
  return joined ? [{ form, joined }] : [];
});

/** Those that join two weight gradients, by the name of the variant that computes one as they do. */
export const joinedVariants: ReadonlyMap<string, PairVariant> = new Map(
  joinings.map(({ form, joined }) => [
    form.name,
    {
      ...infoOf(form),
      name: `${form.name}_joined`,
      sources: ['winograd/input', 'winograd/output-grad', joined.source, 'winograd/weight-grad'],
      supports: (device, pair) => problemsOfPair(pair).every((k) => canWeightGrad(device, form, k)),
      launch: (device, pair, args) => launch(device, { form, joined }, pair, args),
    },
  ]),
);

/**
 * Whether a weight gradient is better joined with another: where writing and transforming the sums of its products costs more than
 * what is multiplied.
 */
export function gainsByJoining(device: Device, k: ConvProblem): boolean {
  return joinings.some(({ form }) => tileCount(form, k) * (k.c + k.o) < k.c * k.o && canWeightGrad(device, form, k));
}

function launch(
  device: Device,
  { form, joined }: Joining,
  pair: WeightGradPairProblem,
  { earlier, x, dy, dw, accumulate }: WeightGradPairArguments,
): void {
  const label = 'conv2d.weightGradPair';
  const [before, k] = problemsOfPair(pair);
  const product = weightGradProduct(form, k);
  withImagesAndGradient(device, form, before, { ...earlier, label }, (earlierA, earlierB) =>
    withImagesAndGradient(device, form, k, { x, dy, label }, (a, b) =>
      withTransformedWeightGrad(device, form, k, { dw, accumulate, label }, (out) => {
        const added = { a: earlierA, b: earlierB, depth: tileCount(form, before) };
        const flops = convFlops(before) + convFlops(k);
        joinedMatmul(device, joined, product, { a, b, earlier: added, out, label, flops });
      }),
    ),
  );
}
