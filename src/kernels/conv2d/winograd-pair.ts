/**
 * The weight gradients of two batches by Winograd's transform: their products are summed before they are transformed back. Bundles for pages
 * leave this out, by winograd-pair-in-page.ts in place of this file, as winograd-forms.ts.
 */
import type { Device } from '../../gpu/device.ts';
import type { KernelSource } from '../source.ts';
import type { Variant } from '../variant.ts';
import type { WeightGradPairArguments } from './arguments.ts';
import { joinedMatmul } from './batch-matmul.ts';
import { type ConvProblem, convFlops, type WeightGradPairProblem } from './problem.ts';
import {
  canWeightGrad,
  infoOf,
  tileCount,
  weightGradProduct,
  withImagesAndGradient,
  withTransformedWeightGrad,
} from './winograd.ts';
import { type Winograd, winograds } from './winograd-forms.ts';

/** Those that join two weight gradients, by the name of the variant that computes one as they do. */
export const joinedVariants: ReadonlyMap<string, Variant<WeightGradPairProblem, WeightGradPairArguments>> = new Map(
  winograds
    .filter(({ way }) => way.joined !== null)
    .map((form) => [
      form.name,
      {
        ...infoOf(form),
        name: `${form.name}_joined`,
        sources: sourcesOf(form),
        supports: (device, pair) => supports(device, form, pair),
        launch: (device, pair, args) => launch(device, form, pair, args),
      },
    ]),
);

/**
 * Whether a weight gradient is better joined with another: where writing and transforming the sums of its products costs more than
 * what is multiplied.
 */
export function gainsByJoining(device: Device, k: ConvProblem): boolean {
  return winograds.some(
    (form) =>
      form.way.joined !== null && tileCount(form, k) * (k.c + k.o) < k.c * k.o && canWeightGrad(device, form, k),
  );
}

function supports(device: Device, form: Winograd, { earlier, ...k }: WeightGradPairProblem): boolean {
  return form.way.joined !== null && [k, { ...k, n: earlier }].every((each) => canWeightGrad(device, form, each));
}

function sourcesOf({ way }: Winograd): KernelSource[] {
  const product = way.joined ? [way.joined.source] : [];
  return ['winograd/input', 'winograd/output-grad', ...product, 'winograd/weight-grad'];
}

function launch(
  device: Device,
  form: Winograd,
  { earlier: n, ...k }: WeightGradPairProblem,
  { earlier, x, dy, dw, accumulate }: WeightGradPairArguments,
): void {
  const label = 'conv2d.weightGradPair';
  const before = { ...k, n };
  const product = weightGradProduct(form, k);
  withImagesAndGradient(device, form, before, { ...earlier, label }, (earlierA, earlierB) =>
    withImagesAndGradient(device, form, k, { x, dy, label }, (a, b) =>
      withTransformedWeightGrad(device, form, k, { dw, accumulate, label }, (out) => {
        const added = { a: earlierA, b: earlierB, depth: tileCount(form, before) };
        const flops = convFlops(before) + convFlops(k);
        joinedMatmul(device, form.way, product, { a, b, earlier: added, out, label, flops });
      }),
    ),
  );
}
