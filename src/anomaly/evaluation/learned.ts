import type { Calibration } from '../calibration/calibration.ts';
import { median } from '../metrics/median.ts';
import type { ScoredImage } from '../scores/scored-image.ts';

/** Whether the networks learned what scores and heat maps rest on, and the figures that say so; null where they are not known. */
export interface Learned {
  /** The median of Σ (x − x̂)² / Σ (x − its mean)² over normal images: the share of an image that G_a2n changes. */
  normalChange: number | null;
  /** AUROC of the mean D_n(x), and of the mean D_a(x) − D_n(x), on the images that calibrated. */
  discriminators: { dn: number | null; da_dn: number | null };
  warnings: string[];
}

/** A flat picture in the mean colour changes the whole of an image: a generator that changes as much keeps nothing of it. */
const EVERYTHING = 1;
/** From here on more is changed than kept, so that what heat maps show is the generator's own error. */
const HALF = 0.5;
/** By chance it is 0.5, with a standard error of 0.1 where there are 14 abnormal and 28 normal images. */
const NEAR_CHANCE = 0.6;

/**
 * Compares the networks with the least that training must have reached.
 *
 * @param normalChange by default that of the images that calibrated, so that the end of training can tell
 */
export function checkLearned(
  { scores, normalChange: calibrated }: Pick<Calibration, 'scores' | 'normalChange'>,
  normalChange: number | null = calibrated ?? null,
): Learned {
  const discriminators = { dn: scores.dn?.auroc ?? null, da_dn: scores.da_dn?.auroc ?? null };
  return {
    normalChange,
    discriminators,
    warnings: [...ofGenerator(normalChange), ...ofDiscriminators(discriminators)],
  };
}

/** The median share of a normal image that G_a2n changes; null where it was measured of none. */
export function medianNormalChange(images: readonly Pick<ScoredImage, 'label' | 'change'>[]): number | null {
  return median(images.flatMap(({ label, change }) => (label === 'normal' ? (change ?? []) : [])));
}

/** The check in a line, and one more for each warning; nothing where nothing is known. */
export function learnedLines({ normalChange, discriminators, warnings }: Learned): string[] {
  const { dn, da_dn } = discriminators;
  const known = [
    ...(normalChange === null ? [] : [`G_a2n changes ${percent(normalChange)} of a normal image`]),
    ...(dn === null ? [] : [`AUROC of dn ${dn.toFixed(3)} where calibrated`]),
    ...(da_dn === null ? [] : [`of da_dn ${da_dn.toFixed(3)}`]),
  ];
  if (known.length === 0) return [];
  return [`learning: ${known.join(', ')}.`, ...warnings.map((warning) => `warning: ${warning}`)];
}

function ofGenerator(change: number | null): string[] {
  if (change === null || change < HALF) return [];
  const changes = `G_a2n changes ${percent(change)} of a normal image`;
  return change < EVERYTHING
    ? [
        `${changes}, more than it keeps: it has not learned to leave normal images alone, and heat maps show its own errors. ` +
          'Train longer, or with a higher --lambda-identity.',
      ]
    : [
        `${changes}, and a flat picture in its mean colour would change 100 %: it has not learned to keep anything. Do not trust ` +
          'scores and heat maps; train longer.',
      ];
}

function ofDiscriminators({ dn, da_dn }: Learned['discriminators']): string[] {
  if (dn === null || da_dn === null || Math.max(dn, da_dn) > NEAR_CHANCE) return [];
  return [
    `D_n and D_a tell the images that calibrated apart no better than chance (AUROC of dn ${dn.toFixed(3)}, of da_dn ` +
      `${da_dn.toFixed(3)}; chance is 0.5): they have not learned what is normal. Train longer, or with other data.`,
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
