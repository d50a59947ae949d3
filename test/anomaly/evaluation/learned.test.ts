import { describe, expect, it } from 'vitest';
import type { Calibration } from '../../../src/anomaly/calibration/calibration.ts';
import { parseCalibration } from '../../../src/anomaly/calibration/calibration.ts';
import { checkLearned, learnedLines, medianNormalChange } from '../../../src/anomaly/evaluation/learned.ts';

const calibrated = (dn: number, daDn: number, normalChange?: number): Calibration => ({
  ...{ rule: 'zfn', chosenOn: 'calibration', dataHash: null, chosen: 'dn', combination: null, baseline: null },
  ...{ counts: { normal: 28, abnormal: 14 }, objects: { normal: 28, abnormal: 14 } },
  scores: Object.fromEntries(
    Object.entries({ dn, da_dn: daDn }).map(([name, auroc]) => [
      name,
      { auroc, threshold: { value: 1, rule: 'zfn', chosenOn: 'calibration' } },
    ]),
  ),
  ...(normalChange !== undefined && { normalChange }),
});

describe('checkLearned', () => {
  it('finds nothing in networks that leave normal images alone and tell the classes apart', () => {
    expect(checkLearned(calibrated(0.9, 0.8, 0.11))).toEqual({
      normalChange: 0.11,
      discriminators: { dn: 0.9, da_dn: 0.8 },
      warnings: [],
    });
  });

  it('warns where a generator changes more of a normal image than it keeps, and where it keeps nothing', () => {
    const warnings = (change: number) => checkLearned(calibrated(1, 1, change)).warnings.join();
    expect(warnings(0.49)).toBe('');
    expect(warnings(0.5)).toMatch(/changes 50\.0 % of a normal image, more than it keeps/);
    expect(warnings(0.999)).toMatch(/more than it keeps/);
    expect(warnings(1)).toMatch(/changes 100\.0 % of a normal image, and a flat picture/);
    expect(warnings(1.934)).toMatch(/193\.4 %.*Do not trust/);
  });

  it('warns where both discriminators are at chance, or worse', () => {
    const warnings = (dn: number, daDn: number) => checkLearned(calibrated(dn, daDn, 0.1)).warnings.join();
    expect(warnings(0.61, 0.3)).toBe('');
    expect(warnings(0.3, 0.61)).toBe('');
    expect(warnings(0.6, 0.48)).toMatch(
      /no better than chance \(AUROC of dn 0\.600, of da_dn 0\.480; chance is 0\.5\)/,
    );
    expect(warnings(0.1, 0.2)).toMatch(/no better than chance/);
  });

  it('holds the change of judged images against the bounds where these are given', () => {
    expect(checkLearned(calibrated(1, 1, 0.1), 0.7)).toMatchObject({ normalChange: 0.7, warnings: [{}] });
    expect(checkLearned(calibrated(1, 1, 0.7), null)).toMatchObject({ normalChange: null, warnings: [] });
  });

  it('says nothing of what an earlier version did not measure', () => {
    const blank = checkLearned({ scores: {} });
    expect(blank).toEqual({ normalChange: null, discriminators: { dn: null, da_dn: null }, warnings: [] });
    expect(learnedLines(blank)).toEqual([]);
  });
});

it('says it in a line, and one for each warning', () => {
  expect(learnedLines(checkLearned(calibrated(0.55, 0.5, 0.62)))).toEqual([
    'learning: G_a2n changes 62.0 % of a normal image, AUROC of dn 0.550 where calibrated, of da_dn 0.500.',
    expect.stringMatching(/^warning: G_a2n changes 62\.0 %/),
    expect.stringMatching(/^warning: D_n and D_a/),
  ]);
});

it('takes the median over normal images alone', () => {
  const of = (label: 'normal' | 'abnormal', change?: number) => ({ label, ...(change !== undefined && { change }) });
  expect(medianNormalChange([of('normal', 3), of('abnormal', 90), of('normal', 1), of('normal')])).toBe(2);
  expect(medianNormalChange([of('abnormal', 90)])).toBeNull();
});

it('is kept with the calibration', () => {
  const calibration = calibrated(0.9, 0.8, 0.25);
  expect(parseCalibration(JSON.parse(JSON.stringify(calibration)), 'x')).toEqual(calibration);
  expect(() => parseCalibration({ ...calibration, normalChange: 'much' }, 'x')).toThrow(
    /normalChange is "much"; expected a number from 0 up/,
  );
});
