import { expect, test } from 'vitest';
import { likenessOf, unlikeness } from '../../../src/anomaly/calibration/likeness.ts';
import { imageForm } from '../../../src/anomaly/scores/image-form.ts';
import { imageStatistics } from '../../../src/anomaly/scores/image-statistics.ts';
import type { ScoredImage } from '../../../src/anomaly/scores/scored-image.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';

const SIDE = 8;

/** Stripes of two levels around a mean. */
function striped(width: number, height: number, mean: number, contrast: number, channels: 1 | 3 = 1): DecodedImage {
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = mean + (Math.floor(i / channels / width) % 2 ? contrast : -contrast);
  return { width, height, channels, pixels };
}

const scored = (image: DecodedImage): ScoredImage => ({
  ...{ file: 'a.png', label: 'normal', scores: {} },
  ...{ form: imageForm(image), statistics: imageStatistics(image, SIDE) },
});

const like = likenessOf([striped(8, 8, 100, 20), striped(10, 12, 120, 24)].map(scored));
const unlike = (image: DecodedImage) =>
  like ? unlikeness(imageForm(image), imageStatistics(image, SIDE), like) : ['no likeness'];

test('the images that chose are like themselves, and those between them', () => {
  expect(like).toMatchObject({ width: { least: 8, most: 10 }, height: { least: 8, most: 12 }, colours: 'gray' });
  for (const image of [striped(8, 8, 100, 20), striped(10, 12, 120, 24), striped(9, 8, 110, 20, 3)])
    expect(unlike(image)).toEqual([]);
});

test('another size, brightness, contrast or colour is told', () => {
  expect(unlike(striped(80, 8, 110, 20))).toEqual([
    'It is 80 × 8 px; those that set the threshold are 8 to 10 px wide and 8 to 12 high.',
  ]);
  expect(unlike(striped(8, 8, 30, 20))).toEqual([
    expect.stringMatching(
      /^It is darker on average than those that set the threshold: 30 of 255 levels, they have 100 to 120\.$/,
    ),
  ]);
  expect(unlike(striped(8, 8, 200, 20))[0]).toMatch(/brighter/);
  expect(unlike(striped(8, 8, 110, 90))[0]).toMatch(/of more contrast/);
  const red = striped(8, 8, 110, 20, 3);
  red.pixels[0] = 255;
  expect(unlike(red)).toEqual(['It is in colour; those that set the threshold are gray.']);
});

test('a gray image among coloured ones is told', () => {
  const coloured = striped(8, 8, 100, 20, 3);
  coloured.pixels[4] = 0;
  const known = likenessOf([scored(coloured)]);
  expect(known?.colours).toBe('colour');
  const gray = striped(8, 8, 100, 20);
  expect(known && unlikeness(imageForm(gray), imageStatistics(gray, SIDE), known)).toEqual([
    'It is gray; those that set the threshold are in colour.',
  ]);
});

test('what is not known of every image is not told', () => {
  const { form: _, ...older } = scored(striped(8, 8, 100, 20));
  expect(likenessOf([scored(striped(8, 8, 100, 20)), older])).toBeNull();
  expect(likenessOf([])).toBeNull();
});
