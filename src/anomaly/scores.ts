import type { FigureName, Figures } from './figures.ts';
import { blurmax } from './scores/blurmax.ts';
import { blurmaxMs } from './scores/blurmax_ms.ts';
import { brightmax } from './scores/brightmax.ts';
import { cycle } from './scores/cycle.ts';
import { daDn } from './scores/da_dn.ts';
import { daDnMax } from './scores/da_dn_max.ts';
import { darkmax } from './scores/darkmax.ts';
import { dn } from './scores/dn.ts';
import { dnMax } from './scores/dn_max.ts';
import { excess } from './scores/excess.ts';
import { features } from './scores/features.ts';
import { l1 } from './scores/l1.ts';
import { l8 } from './scores/l8.ts';
import { max } from './scores/max.ts';
import { ratio } from './scores/ratio.ts';
import { sse } from './scores/sse.ts';
import { ssim } from './scores/ssim.ts';
import { ssimMin } from './scores/ssim_min.ts';
import type { ScoreInfo } from './thresholds.ts';

/** An image score, made of the figures that it needs; higher means more abnormal. */
export interface Score<Needs extends FigureName = FigureName> {
  readonly info: ScoreInfo;
  readonly needs: readonly Needs[];
  compute(figures: Pick<Figures, Needs | 'size'>): number;
}

/** Every score, in the order of reports; the paper's first. */
export const SCORES: readonly Score[] = [
  ...[sse, l1, l8, max, blurmax, blurmaxMs, excess, darkmax, brightmax, ssim, ssimMin],
  ...[features, cycle, dn, dnMax, daDn, daDnMax, ratio],
];

export const SCORE_INFOS: readonly ScoreInfo[] = SCORES.map(({ info }) => info);

/** The figures that scores need, each once. */
export function figuresFor(scores: readonly Score[]): FigureName[] {
  return [...new Set(scores.flatMap(({ needs }) => needs))];
}

/** Scores of an image by name. */
export function computeScores(figures: Figures, scores: readonly Score[] = SCORES): Record<string, number> {
  return Object.fromEntries(scores.map(({ info, compute }) => [info.name, compute(figures)]));
}
