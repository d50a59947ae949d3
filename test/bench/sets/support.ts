import type { Outcome } from '../../../bench/sets/outcome.ts';

/** The figures of a run that do not matter to a test. */
export function outcome(given: Partial<Outcome> = {}): Outcome {
  return {
    set: 'tiles',
    seed: 0,
    options: '--seed 0 --no-tune',
    device: 'a device',
    score: { name: 'dn', auroc: 0.9, chosenOn: 'calibration', calibrationAuroc: 0.8 },
    zfn: { missed: 1, abnormal: 10, falseAlarms: 5, normal: 20 },
    pixels: { auroc: 0.9, aupro: 0.8, hotF1: 0.4, bestF1: { value: 0.6, oracle: true } },
    hotNormal: { hot: 2, total: 20, promised: 0.05 },
    statistic: { name: 'mean gray', auroc: 0.6 },
    sse: 0.7,
    best: { score: 'max', auroc: 0.95, oracle: true },
    steps: 100,
    seconds: 600,
    foldSeconds: 0,
    ...given,
  };
}
