import { expect, it } from 'vitest';
import { reportHeatmap } from '../../../src/anomaly/evaluation/heatmap-report.ts';

import { localisationLines } from '../../../src/cli/text/localisation.ts';

/** Of 39 normal and 9 abnormal images, so many of the first and 3 of the others have a hot pixel. */
const evaluated = (hot: number, seenInTraining = false) => {
  const images = (label: 'normal' | 'abnormal', total: number, above: number) =>
    Array.from({ length: total }, (_, i) => ({
      ...{ file: `${label}/${i}.png`, label, seenInTraining },
      scores: {},
      hottest: i < above ? 0.3 : 0.25,
    }));
  const judged = [...images('normal', 39, hot), ...images('abnormal', 9, 3)];
  return {
    heatmap: reportHeatmap(
      judged,
      { map: 'residual5', threshold: 0.25, floor: 0, images: 26, coldShare: 0.95, aupro: null, others: {} },
      'calibration',
    ),
    pixels: null,
    pairs: null,
  };
};

it('warns where good images do not stay cold, and not of what may be chance', () => {
  expect(localisationLines(evaluated(4))).toEqual([
    'heat maps of residual5: a pixel above 0.25 is hot; 4 of 39 normal and 3 of 9 abnormal images have one (of normal images like the 26 ' +
      'of the calibration part, 3.7 % at most are expected to).',
  ]);
  expect(localisationLines(evaluated(11))[1]).toMatch(/^warning: more normal images are hot than chance allows/);
});

it('calls what it says of images that were seen before an oracle', () => {
  expect(localisationLines(evaluated(4, true))[0]).toMatch(/images have one \(oracle; of normal images/);
});
