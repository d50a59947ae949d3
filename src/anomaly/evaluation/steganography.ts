import { add } from '../../autograd/add.ts';
import { noGrad } from '../../autograd/tape.ts';
import type { Label } from '../../data/datasets/dataset.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { cropMask, type Mask } from '../../data/images/mask.ts';
import { randomNormal } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { DetectorNetworks } from '../detector/detector-networks.ts';
import { wholeImage } from '../detector/whole-image.ts';
import { seenAtOnce } from '../detector/windows.ts';
import { changedShare } from '../metrics/changed-share.ts';
import { mean } from '../metrics/mean.ts';
import { median } from '../metrics/median.ts';
import { computeScores, partsOf } from '../scores/list.ts';
import { disposeMeasured, measure, readParts } from '../scores/measure.ts';
import type { Score } from '../scores/score.ts';

/*
 * A Cycle-GAN may hide what it should remove: in faint patterns of x̂, from which G_n2a restores x, or by copying the defect.
 * Source: Chu, Zhmoginov, Sandler, "CycleGAN, a Master of Steganography", 2017.
 */

/** An image to look at, with its true mask where there is one. */
export interface CheckedImage {
  label: Label;
  image: DecodedImage;
  mask: Mask | null;
}

/** What is measured of one image. */
export interface HidingMeasurement {
  label: Label;
  /** Scores of x; of x where x̂ was rounded to 8 bits; and of x with faint noise. */
  scores: Record<string, number>;
  quantised: Record<string, number>;
  noisy: Record<string, number>;
  /** Σ (x − x̂)² / Σ (x − its mean)²: the share of the image that G_a2n changes. */
  change: number;
  /** Mean (x − x̂)² of a pixel and channel inside and outside the mask. */
  removed: { inside: number; outside: number } | null;
}

/** Whether the abnormal → normal generator removes defects or hides them. */
export interface Steganography {
  images: { normal: number; abnormal: number; masked: number };
  /**
   * How far each score moves, the mean over images, in standard deviations of the score over them; null where all have one score.
   * x comes as 8 bits, so what is quantised is x̂. The noise has a standard deviation of one gray level.
   */
  moved: { quantised: Record<string, number | null>; noisy: Record<string, number | null> };
  /** Mean energy (x − x̂)² that is removed from abnormal images, inside and outside their masks; null without masks. */
  removed: { inside: number; outside: number } | null;
  /** The median share of an image that G_a2n changes; null without images. */
  change: Record<Label, number | null>;
  warnings: string[];
}

/** Of images in [−1, 1], 8 bits a sample. */
const GRAY_LEVEL = 2 / 255;
/** A generator that changes less than this share of the abnormal images counts as the identity. */
const IDENTITY = 0.01;
/** The seed of the noise. */
const NOISE_SEED = 1;

/** Takes images one after another, in whatever order, and scores each three times. */
export class SteganographyCheck {
  /** By the place of the image. */
  private readonly measurements: (HidingMeasurement | undefined)[] = [];

  constructor(
    private readonly detector: DetectorNetworks,
    private readonly scores: readonly Score[],
  ) {}

  /** @param place of the image among those to check, which decides about its noise */
  async add(place: number, { label, image, mask }: CheckedImage): Promise<void> {
    const seen = await seenAtOnce(this.detector, image, mask, cropMask);
    const checked = { label, image: seen.image, mask: seen.beside };
    this.measurements[place] = await measureHiding(this.detector, checked, place, this.scores);
  }

  report(): Steganography {
    return summariseHiding(this.measurements.flatMap((measurement) => measurement ?? []));
  }
}

const NONE: ReadonlyMap<string, number> = new Map();

async function measureHiding(
  { device, networks, tile, judged, sizeFor, shown }: DetectorNetworks,
  { label, image, mask }: CheckedImage,
  index: number,
  scores: readonly Score[],
): Promise<HidingMeasurement> {
  const x = wholeImage(device, image, shown);
  const weights = mask && wholeImage(device, whiteInside(mask), { channels: 1, loadSize: sizeFor(image) });
  const parts = partsOf(scores);
  // Rounding x̂ cannot change what does not depend on it.
  const affected = parts.filter(({ map }) => map.networks.includes('G_A'));
  const plain = measure(networks, x, { parts, tile, judged, wantsReconstruction: true });
  const [original, made] = [await x.data(), (await plain.reconstruction?.data()) ?? new Float32Array()];

  const rounded = Tensor.from(device, made.map(toGrayLevel), x.shape);
  const quantised = measure(networks, x, { parts: affected, tile, judged, given: rounded });
  const noise = () =>
    noGrad(() => add(x, randomNormal(device, x.shape, { seed: NOISE_SEED, stream: index, mean: 0, std: GRAY_LEVEL })));
  const noisyImage = scope(noise);
  const noisy = measure(networks, noisyImage, { parts, tile, judged });

  const [values = NONE] = await readParts(plain, parts, 1);
  const [ofQuantised = NONE] = await readParts(quantised, affected, 1);
  const [ofNoisy = NONE] = await readParts(noisy, parts, 1);
  const result = {
    label,
    scores: computeScores(values, scores),
    quantised: computeScores(new Map([...values, ...ofQuantised]), scores),
    noisy: computeScores(ofNoisy, scores),
    change: changedShare(original, made),
    removed: weights && removedEnergy(original, made, await weights.data()),
  };
  for (const tensor of [x, rounded, noisyImage]) tensor.dispose();
  for (const measured of [plain, quantised, noisy]) disposeMeasured(measured);
  weights?.dispose();
  return result;
}

/** What measurements of single images say together. */
export function summariseHiding(measurements: readonly HidingMeasurement[]): Steganography {
  const of = (label: Label) => measurements.filter((measurement) => measurement.label === label);
  const abnormal = of('abnormal');
  const masked = abnormal.flatMap(({ removed }) => removed ?? []);
  const names = Object.keys(measurements[0]?.scores ?? {});
  const moved = (which: 'quantised' | 'noisy') =>
    Object.fromEntries(names.map((name) => [name, shift(measurements, name, which)]));
  const change = {
    normal: median(of('normal').map((measurement) => measurement.change)),
    abnormal: median(abnormal.map((measurement) => measurement.change)),
  };
  const removed =
    masked.length > 0
      ? { inside: mean(masked.map(({ inside }) => inside)), outside: mean(masked.map(({ outside }) => outside)) }
      : null;
  return {
    images: { normal: measurements.length - abnormal.length, abnormal: abnormal.length, masked: masked.length },
    moved: { quantised: moved('quantised'), noisy: moved('noisy') },
    removed,
    change,
    warnings: warningsOf(change.abnormal, removed),
  };
}

/** The check in two lines, and one more for each warning. */
export function steganographyLines({ images, moved, removed, change, warnings }: Steganography): string[] {
  const most = (shifts: Record<string, number | null>) => {
    const [name, value] = Object.entries(shifts).reduce<[string, number]>(
      (best, [other, shifted]) => (shifted !== null && shifted > best[1] ? [other, shifted] : best),
      ['any', 0],
    );
    return `${value.toFixed(3)} (${name})`;
  };
  const share = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
  const energy =
    removed && removed.outside > 0
      ? `; inside their masks it removes ${(removed.inside / removed.outside).toFixed(2)} times as much energy a pixel as outside`
      : '';
  return [
    `hiding: of ${images.normal} normal and ${images.abnormal} abnormal images, rounding x̂ to 8 bits moves scores by at most ` +
      `${most(moved.quantised)} standard deviations, noise of a gray level in x by ${most(moved.noisy)}.`,
    `G_a2n changes ${share(change.abnormal)} of abnormal and ${share(change.normal)} of normal images${energy}.`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}

function warningsOf(change: number | null, removed: Steganography['removed']): string[] {
  const warnings: string[] = [];
  if (change !== null && change < IDENTITY) {
    warnings.push(
      `G_a2n is near the identity on abnormal images (it changes ${(100 * change).toFixed(2)} % of them): it may copy the ` +
        'defects through. Train longer, or with a lower --lambda-identity.',
    );
  }
  if (removed && removed.inside <= removed.outside) {
    warnings.push(
      'G_a2n removes no more energy inside the masks than outside: what it changes is not the defects. Do not trust its heat maps.',
    );
  }
  return warnings;
}

/** Mean |moved − score| over the standard deviation of the score. */
function shift(measurements: readonly HidingMeasurement[], name: string, which: 'quantised' | 'noisy'): number | null {
  const column = measurements.map(({ scores }) => scores[name] ?? Number.NaN);
  const centre = mean(column);
  const deviation = Math.sqrt(mean(column.map((score) => (score - centre) ** 2)));
  const distances = measurements.map((measurement, i) =>
    Math.abs((measurement[which][name] ?? Number.NaN) - (column[i] ?? Number.NaN)),
  );
  return deviation > 0 ? mean(distances) / deviation : null;
}

/**
 * The mean of (x − y)² inside and outside a mask.
 *
 * @param x @param y images [H, W, C]. @param mask [H, W] from −1 (outside) to 1 (inside); between them a pixel counts in part
 * @returns null when nothing is inside, or nothing outside
 */
export function removedEnergy(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  mask: ArrayLike<number>,
): { inside: number; outside: number } | null {
  const channels = x.length / mask.length;
  let [inside, outside, area] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const weight = ((mask[Math.floor(i / channels)] ?? 0) + 1) / 2;
    const energy = ((x[i] ?? 0) - (y[i] ?? 0)) ** 2;
    inside += weight * energy;
    outside += (1 - weight) * energy;
    area += weight;
  }
  const rest = x.length - area;
  return area > 0 && rest > 0 ? { inside: inside / area, outside: outside / rest } : null;
}

function toGrayLevel(value: number): number {
  return Math.round((value + 1) / GRAY_LEVEL) * GRAY_LEVEL - 1;
}

function whiteInside({ width, height, inside }: Mask): DecodedImage {
  return { width, height, channels: 1, pixels: inside.map((marked) => 255 * marked) };
}
