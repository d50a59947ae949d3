/** What the images look like that chose a threshold, and in what another is unlike them: for those the threshold says nothing. */
import * as v from 'valibot';
import { finite, object, oneOf, whole } from '../../data/files/schema.ts';
import type { ImageForm } from '../scores/image-form.ts';
import type { ImageStatistics } from '../scores/image-statistics.ts';
import type { ScoredImage } from '../scores/scored-image.ts';

const COLOURS = ['gray', 'colour', 'both'] as const;

/** The least and the most of a number among images. */
interface Extent {
  least: number;
  most: number;
}

/** Of all images that chose. Gray levels go from 0 to 255. */
export interface Likeness {
  width: Extent;
  height: Extent;
  colours: (typeof COLOURS)[number];
  /** Mean gray. */
  mean: Extent;
  /** Standard deviation of gray. */
  sd: Extent;
}

const ordered = v.check<Extent, string>(({ least, most }) => least <= most, 'no less at most than at least');
const pixels = v.pipe(object({ least: whole(1), most: whole(1) }), ordered);
const levels = v.pipe(object({ least: finite(), most: finite() }), ordered);

/** @internal */
export const likenessSchema = object({
  ...{ width: pixels, height: pixels, colours: oneOf(COLOURS), mean: levels, sd: levels },
}) satisfies v.GenericSchema<unknown, Likeness>;

/** @returns null where not every image has its form and statistics, as in folds that an earlier version scored */
export function likenessOf(images: readonly ScoredImage[]): Likeness | null {
  const known = images.flatMap(({ form, statistics }) => (form && statistics ? [{ form, statistics }] : []));
  if (known.length < images.length || known.length === 0) return null;
  const grays = known.filter(({ form }) => form.gray).length;
  return {
    width: extent(known.map(({ form }) => form.width)),
    height: extent(known.map(({ form }) => form.height)),
    colours: grays === known.length ? 'gray' : grays === 0 ? 'colour' : 'both',
    mean: extent(known.map(({ statistics }) => statistics.mean)),
    sd: extent(known.map(({ statistics }) => statistics.sd)),
  };
}

/** So many times larger or smaller than any of them is unlike them. */
const SCALE = 1.5;

/** Levels beyond them that say nothing, as few images show few of the levels that there are. */
const SLACK = 8;

/** In what an image is unlike those that chose, a sentence each; none where it is like them. */
export function unlikeness(form: ImageForm, statistics: ImageStatistics, like: Likeness): string[] {
  const { width, height } = like;
  const found: string[] = [];
  const isOther = (side: number, { least, most }: Extent) => side * SCALE < least || side > most * SCALE;
  if (isOther(form.width, width) || isOther(form.height, height)) {
    found.push(
      `It is ${form.width} × ${form.height} px; those that set the threshold are ${span(width)} px wide and ${span(height)} high.`,
    );
  }
  if (form.gray && like.colours === 'colour') found.push('It is gray; those that set the threshold are in colour.');
  if (!form.gray && like.colours === 'gray') found.push('It is in colour; those that set the threshold are gray.');
  const compare = (value: number, known: Extent, [less, more]: readonly [string, string]) => {
    const slack = (known.most - known.least) / 2 + SLACK;
    if (value >= known.least - slack && value <= known.most + slack) return;
    const how = value < known.least ? less : more;
    found.push(
      `It is ${how} than those that set the threshold: ${round(value)} of 255 levels, they have ${span(known)}.`,
    );
  };
  compare(statistics.mean, like.mean, ['darker on average', 'brighter on average']);
  compare(statistics.sd, like.sd, ['of less contrast (standard deviation)', 'of more contrast (standard deviation)']);
  return found;
}

function extent(values: readonly number[]): Extent {
  // Not by spreading: there may be more images than a call takes arguments.
  return {
    least: values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    most: values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  };
}

const round = (value: number) => `${Math.round(value)}`;

function span({ least, most }: Extent): string {
  return round(least) === round(most) ? round(least) : `${round(least)} to ${round(most)}`;
}
