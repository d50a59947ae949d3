import type { Label } from '../../data/datasets/dataset.ts';
import { wholeGroups } from '../../data/datasets/groups.ts';
import { RandomStream } from '../../tensor/random.ts';

/** What is drawn: an image, or all images of a group, which show one object and so say little more than one. */
interface Sampled {
  label: Label;
  group?: string;
}

/** The units of each class, as indices of their images. Images of one group and class are one unit. */
export function resamplingUnits(images: readonly Sampled[]): Record<Label, number[][]> {
  const unitsOf = (label: Label) => {
    const own = images.flatMap((image, index) => (image.label === label ? [{ group: image.group, index }] : []));
    return [...new Set(wholeGroups(own).values())].map((unit) => unit.map(({ index }) => index));
  };
  return { normal: unitsOf('normal'), abnormal: unitsOf('abnormal') };
}

/**
 * Stratified bootstrap: each resample draws, with replacement, as many units of each class as there are. The same seed gives
 * the same resamples.
 *
 * Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 6 and 13.
 *
 * @returns for each resample, how often every image is drawn, by index; the array is written anew for the next
 */
export function* resamples(
  units: Record<Label, readonly (readonly number[])[]>,
  count: number,
  seed: number,
): Generator<Uint32Array> {
  const stream = new RandomStream(seed, 0);
  const classes = [units.normal, units.abnormal];
  const weights = new Uint32Array(classes.flat(2).length);
  for (let i = 0; i < count; i++) {
    weights.fill(0);
    for (const own of classes) {
      for (let drawn = 0; drawn < own.length; drawn++) {
        for (const index of own[stream.integer(own.length)] ?? []) weights[index] = (weights[index] ?? 0) + 1;
      }
    }
    yield weights;
  }
}

/** The interval that leaves out (1 − level) / 2 of the values on either side, interpolated between neighbours. */
export function percentileInterval(values: readonly number[], level: number): { low: number; high: number } {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => {
    const position = share * (sorted.length - 1);
    const [below = Number.NaN, above = below] = sorted.subarray(Math.floor(position), Math.floor(position) + 2);
    return below + (above - below) * (position % 1);
  };
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) };
}
