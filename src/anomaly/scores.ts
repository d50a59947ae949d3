import type { Figures } from './figures.ts';
import { blurmax } from './scores/blurmax.ts';
import { daDn } from './scores/da_dn.ts';
import { dn } from './scores/dn.ts';
import { l1 } from './scores/l1.ts';
import { ratio } from './scores/ratio.ts';
import { sse } from './scores/sse.ts';
import { ssim } from './scores/ssim.ts';
import type { ScoreInfo } from './thresholds.ts';

/** An image score; higher means more abnormal. */
export interface Score {
  readonly info: ScoreInfo;
  compute(figures: Figures): number;
}

/** Every score, in the order of reports; the paper's first. */
export const SCORES: readonly Score[] = [sse, l1, blurmax, ssim, dn, daDn, ratio];

export const SCORE_INFOS: readonly ScoreInfo[] = SCORES.map(({ info }) => info);

/** All scores of an image by name. */
export function computeScores(figures: Figures): Record<string, number> {
  return Object.fromEntries(SCORES.map(({ info, compute }) => [info.name, compute(figures)]));
}
