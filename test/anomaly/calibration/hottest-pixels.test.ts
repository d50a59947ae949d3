import { expect, it } from 'vitest';
import { chooseThresholds } from '../../../src/anomaly/calibration/thresholds.ts';
import { scoreNamed } from '../../../src/anomaly/scores/list.ts';
import type { ScoredImage } from '../../../src/anomaly/scores/scored-image.ts';

const NAMES = ['dn_pixels.top5', 'dn_pixels.mean', 'dn_pixels.top1', 'dn_pixels.max'];

/** Images that their hottest twentieth and their mean tell apart, and their hottest pixels but for one. */
const images: ScoredImage[] = Array.from({ length: 12 }, (_, i) => {
  const label = i < 6 ? 'normal' : 'abnormal';
  const hottest = i === 6 ? 4.5 : i;
  return {
    ...{ file: `${i}.png`, label, group: `${i}` },
    scores: { 'dn_pixels.top5': i, 'dn_pixels.mean': i, 'dn_pixels.top1': hottest, 'dn_pixels.max': hottest },
  } as ScoredImage;
});
const infos = NAMES.flatMap((name) => scoreNamed(name)?.info ?? []);
const chosenWith = (aupro: Record<string, number> | null) => {
  const { chosen, average } = chooseThresholds(
    images,
    infos,
    { rule: 'zfn', chosenOn: 'calibration', dataHash: null },
    aupro,
  );
  return [chosen, ...(average?.scores ?? [])];
};

it('where masks tell what a defect is, the hottest pixels of a segmenter lead, and nothing wider is averaged with them', () => {
  const chosen = chosenWith({ dn_pixels: 0.9, dn_pixels_change: 0.5 });
  expect(chosen).toEqual(expect.arrayContaining(['average', 'dn_pixels.top1', 'dn_pixels.max']));
  expect(chosen).not.toContain('dn_pixels.top5');
  expect(chosen).not.toContain('dn_pixels.mean');
});

it('without masks, whatever tells the images apart', () => {
  expect(chosenWith(null)).toEqual(expect.arrayContaining(['dn_pixels.top5', 'dn_pixels.mean']));
});
