import type { Label } from '../../data/datasets/dataset.ts';
import { highest } from '../metrics/highest.ts';
import { isOfPixels, PIXEL_MAPS } from '../scores/list.ts';

/** By so many standard errors another score must be better. */
const CLEARLY = 2;

/**
 * The score that leads: the one with the highest AUROC, of equal ones the first. Among many scores and few images the highest is often so
 * by luck, and what a segmenter says of pixels was learned from what nobody else saw, the masks: another score takes its place only where
 * its AUROC is higher by more than two standard errors of the segmenter's.
 *
 * Source: the standard-error rule of Breiman, Friedman, Olshen, Stone, "Classification and Regression Trees", 1984, §3.4.3, with two
 * instead of one, since the best of some thirty scores has more luck than the best of a few trees.
 *
 * Of a segmenter's maps, the one that finds defects best makes the score: their masks tell more than the labels of some images.
 *
 * @param areas AUROC by score, in the order of reports
 * @param counts of the objects that they were measured on: images of one object say little more than one of them
 * @param aupro by map, on the same images; null where it is not known @returns null without scores
 */
export function leadingScore(
  areas: ReadonlyMap<string, number>,
  counts: Readonly<Record<Label, number>>,
  aupro: Readonly<Record<string, number>> | null = null,
): string | null {
  const best = highest([...areas]);
  const map = highest(PIXEL_MAPS.map((name) => [name, aupro?.[name] ?? 0]))?.[0];
  const ofPixels = [...areas].filter(([name]) => isOfPixels(name, aupro ? map : undefined));
  const preferred = highest(ofPixels);
  if (!best || !preferred) return best?.[0] ?? null;
  return best[1] - preferred[1] > CLEARLY * standardError(preferred[1], counts) ? best[0] : preferred[0];
}

/**
 * The scores that so few images cannot tell from the leading one: whose AUROC is above its, or no more than one standard error of their own
 * below. (That of the leading one is 0 where it separates the classes, however few images say so.) Their average
 * is seldom worse than the best of them on new images, and often better than the one that luck put first.
 *
 * @param areas AUROC by score, in the order of reports @param counts of the images
 * @param objects how many a class shows, of the class that shows fewer. Where they are few, many scores separate the classes, which do not
 * do so for other objects: a segmenter's score then has no equals but those of its own map (bench/NOTES.md)
 * @returns the leading one first
 */
export function equalScores(
  leading: string,
  areas: ReadonlyMap<string, number>,
  counts: Readonly<Record<Label, number>>,
  objects: number,
): string[] {
  const area = areas.get(leading) ?? Number.NaN;
  const isAlone = leadsAlone(leading, objects);
  const map = PIXEL_MAPS.find((name) => isOfPixels(leading, name));
  const equal = [...areas].flatMap(([name, own]) => {
    const comparable = name !== leading && (!isAlone || isOfPixels(name, map));
    return comparable && isEqual(own, area, counts) ? [name] : [];
  });
  return [leading, ...equal];
}

/** Fewer objects of a class say too little of scores that learned nothing from masks. */
const FEW_OBJECTS = 8;

/** Whether a segmenter's score leads, on so few objects that nothing but scores of its map is averaged with it. */
export function leadsAlone(leading: string, objects: number): boolean {
  return objects < FEW_OBJECTS && isOfPixels(leading);
}

/** Whether so few images cannot tell an AUROC from that of the leading score: it is above, or no more than its standard error below. */
export function isEqual(own: number, leading: number, counts: Readonly<Record<Label, number>>): boolean {
  return own + standardError(own, counts) >= leading;
}

/** Source: Hanley, McNeil, "The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve", Radiology 143, 1982. */
export function standardError(area: number, { normal, abnormal }: Readonly<Record<Label, number>>): number {
  const ofTwoAbnormal = area / (2 - area) - area ** 2;
  const ofTwoNormal = (2 * area ** 2) / (1 + area) - area ** 2;
  const variance = area * (1 - area) + (abnormal - 1) * ofTwoAbnormal + (normal - 1) * ofTwoNormal;
  return Math.sqrt(Math.max(0, variance) / (normal * abnormal));
}
