import { expect, it } from 'vitest';
import { whereLines } from '../../src/cli/where-text.ts';

const evaluated = (hot: number) => ({
  heatmap: {
    ...{ threshold: 0.25, images: 26, chosenOn: 'calibration' as const },
    ...{ normal: { hot, total: 39 }, abnormal: { hot: 3, total: 9 } },
  },
  pixels: null,
  pairs: null,
});

it('warns where good images do not stay cold, and not of what may be chance', () => {
  expect(whereLines(evaluated(4))).toEqual([
    'heat maps: a pixel above 0.25 is hot; 4 of 39 normal and 3 of 9 abnormal images have one (of normal images like the 26 ' +
      'of the calibration part, 3.7 % at most are expected to).',
  ]);
  expect(whereLines(evaluated(11))[1]).toMatch(/^warning: more normal images are hot than chance allows/);
});
