import type { MeasurementName, Measurements } from '../maps/measurements.ts';
import { blurmax } from './blurmax.ts';
import { blurmaxMs } from './blurmax-ms.ts';
import { brightmax } from './brightmax.ts';
import { cycle } from './cycle.ts';
import { daDn } from './da-dn.ts';
import { daDnMax } from './da-dn-max.ts';
import { darkmax } from './darkmax.ts';
import { dn } from './dn.ts';
import { dnMax } from './dn-max.ts';
import { excess } from './excess.ts';
import { features } from './features.ts';
import { l1 } from './l1.ts';
import { l8 } from './l8.ts';
import { max } from './max.ts';
import { ratio } from './ratio.ts';
import type { Score, ScoreInfo } from './score.ts';
import { sse } from './sse.ts';
import { ssim } from './ssim.ts';
import { ssimMin } from './ssim-min.ts';

/** Every score, in the order of reports; the paper's first. */
export const SCORES: readonly Score[] = [
  ...[sse, l1, l8, max, blurmax, blurmaxMs, excess, darkmax, brightmax, ssim, ssimMin],
  ...[features, cycle, dn, dnMax, daDn, daDnMax, ratio],
];

export const SCORE_INFOS: readonly ScoreInfo[] = SCORES.map(({ info }) => info);

/** The measurements that scores need, each once. */
export function measurementsFor(scores: readonly Score[]): MeasurementName[] {
  return [...new Set(scores.flatMap(({ needs }) => needs))];
}

/** Scores of an image by name. */
export function computeScores(measurements: Measurements, scores: readonly Score[] = SCORES): Record<string, number> {
  return Object.fromEntries(scores.map(({ info, compute }) => [info.name, compute(measurements)]));
}
