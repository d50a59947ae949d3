import type { ScoreInfo } from '../calibration/thresholds.ts';
import type { FigureName, Figures } from '../maps/figures.ts';
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
import { sse } from './sse.ts';
import { ssim } from './ssim.ts';
import { ssimMin } from './ssim-min.ts';

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
