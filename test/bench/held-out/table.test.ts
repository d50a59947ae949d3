import { describe, expect, it } from 'vitest';
import { type HeldOut, report } from '../../../bench/held-out/table.ts';

const TILES: HeldOut = {
  set: 'tiles',
  options: '--steps 700',
  scores: [{ name: 'dn_pixels.max', aurocs: [0.8, 0.9, 1], falseAlarms: [0.3, 0.2, 0.1] }],
  aupro: [0.7, 0.8, 0.9],
  rules: { outcomes: [{ rule: 'zfn', missed: 0.1, flagged: 0.3 }], objects: 6.5 },
};
const XRAY: HeldOut = {
  ...TILES,
  ...{ set: 'xray', aupro: null },
  rules: { outcomes: [{ rule: 'zfn', missed: 0.05, flagged: 0.1 }], objects: 20 },
};
const FEW: HeldOut = { ...TILES, set: 'few', rules: { outcomes: [], objects: Number.NaN } };

describe('report', () => {
  it('gives means over folds, and each fold', () => {
    const text = report([TILES]);
    expect(text).toContain('`--steps 700`; AUPRO 0.800 (0.700, 0.800, 0.900)');
    expect(text).toContain('| dn_pixels.max | 0.900 | 0.800, 0.900, 1.000 | 20.0 % |');
    expect(text).toContain('Where 6.5 abnormal objects of a fold calibrate');
    expect(text).toContain('| zfn | 10.0 % | 30.0 % |');
    expect(text).not.toContain('mean of');
  });

  it('takes the mean of the sets whose objects could be drawn, and says which', () => {
    const text = report([TILES, XRAY, FEW]);
    expect(text).toContain('too few objects');
    const means = text.slice(text.indexOf('## Rules, the mean of tiles, xray\n'));
    expect(means).toContain('| zfn | 7.5 % | 20.0 % |');
    expect(report([XRAY])).not.toContain('AUPRO');
  });
});
