import { expect, it } from 'vitest';
import type { Calibration } from '../../../src/anomaly/calibration/calibration.ts';

import { calibrationText, changeText } from '../../../src/cli/text/calibration.ts';

const calibration: Calibration = {
  rule: 'zfn',
  chosenOn: 'calibration',
  dataHash: null,
  chosen: 'sse',
  counts: { normal: 40, abnormal: 30 },
  objects: { normal: 40, abnormal: 30 },
  scores: { sse: { auroc: 0.75, threshold: { value: 2, rule: 'zfn', chosenOn: 'calibration' } } },
  combination: null,
  baseline: null,
};

it('promises what zero misses among n objects are worth', () => {
  const each = calibrationText(calibration);
  expect(each).toContain('No miss among n = 30 abnormal images, each taken for an object of its own.');
  // 1 − 0.05^(1/30) and 1/31.
  expect(each).toContain('at most 9.5 % with 95 % confidence (1 − 0.05^(1/n)), and at most 3.23 % on average');
  expect(each).toContain('29 more for 5 %, 269 more for 1 %');

  const grouped = calibrationText({ ...calibration, objects: { normal: 20, abnormal: 10 } });
  expect(grouped).toContain('No miss among 30 abnormal images of n = 10 objects.');
  // 1 − 0.05^(1/10) and 1/11.
  expect(grouped).toContain('at most 25.9 % with 95 % confidence (1 − 0.05^(1/n)), and at most 9.09 % on average');
  expect(grouped).toContain('49 more for 5 %, 289 more for 1 %');
});

it('promises nothing for another rule, or for images that trained', () => {
  const given = { value: 2, rule: 'given', chosenOn: 'user' } as const;
  expect(calibrationText({ ...calibration, scores: { sse: { auroc: 0.75, threshold: given } } })).not.toContain(
    'No miss',
  );
  const trained = calibrationText({ ...calibration, chosenOn: 'train' });
  expect(trained).toContain('need not hold on new ones');
  expect(trained).not.toContain('No miss');
});

it('says when a rule changed nothing, and else what was before', () => {
  expect(changeText(calibration, { ...calibration, rule: 'max-f1' })).toBe(
    'Nothing changed: score and threshold are those that the run had before.\n',
  );
  const lower = { auroc: 0.75, threshold: { value: 1.5, rule: 'zfn', chosenOn: 'calibration' } as const };
  expect(changeText(calibration, { ...calibration, scores: { sse: lower } })).toBe('Before: score sse, threshold 2.\n');
});
