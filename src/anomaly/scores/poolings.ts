import { hottestMean, type PerImageKind, perImage } from '../../kernels/images/per-image.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** A way to make one number of a map for each image: of all its own values, of all tiles and channels. */
export interface Pooling {
  /** In the names of scores, such as `top1`. */
  readonly name: string;
  /** For people, before the label of a map. */
  readonly label: string;
  /** On the device, a tensor [images]; NaN where a value is. @param values of one image after another */
  pool(values: Tensor, images: number): Tensor;
  /** What remains to be done with the number. */
  finish(value: number): number;
}

/** The mean of the hottest share of a map: of n values the ⌈share · n⌉ largest, at least one. */
function top(percent: number, name: string): Pooling {
  return {
    name,
    label: `hottest ${percent} % of the`,
    pool: (values, images) => {
      const out = Tensor.empty(values.device, [images]);
      const count = values.size / images;
      const hottest = Math.max(1, Math.ceil((percent / 100) * count));
      hottestMean(values.device, { a: values.slice, out: out.slice, images, count, hottest });
      return out;
    },
    finish: (value) => value,
  };
}

function statistic(name: string, label: string, kind: PerImageKind, finish = (value: number) => value): Pooling {
  return {
    name,
    label,
    pool: (values, images) => {
      const out = Tensor.empty(values.device, [images]);
      perImage(values.device, {
        ...{ kind, a: values.slice, b: null, out: out.slice },
        ...{ images, count: values.size / images },
      });
      return out;
    },
    finish,
  };
}

export const POOLINGS = {
  mean: statistic('mean', 'mean', 'mean'),
  sum: statistic('sum', 'sum of the', 'sum'),
  max: statistic('max', 'largest', 'max'),
  top01: top(0.1, 'top01'),
  top1: top(1, 'top1'),
  top5: top(5, 'top5'),
  /** (mean v⁸)^⅛: between mean and maximum. Counts what is large, however little of the image it is. */
  p8: statistic('p8', 'eighth-power mean of the', 'eighth', (value) => value ** (1 / 8)),
} as const satisfies Readonly<Record<string, Pooling>>;

export type PoolingName = keyof typeof POOLINGS;

export function isPoolingName(name: string): name is PoolingName {
  return Object.hasOwn(POOLINGS, name);
}
