import type { AnomalyMap } from '../maps/map.ts';
import type { PoolingName } from './poolings.ts';

/** An image score: what it is called, how it is computed, and whether it is the one the paper uses. */
export interface ScoreInfo {
  /** Key in files and options, such as `sse`. */
  name: string;
  /** For people, such as `squared error`. */
  label: string;
  formula: string;
  paper: boolean;
}

/** A map and how it becomes a number. */
export interface PooledMap {
  readonly map: AnomalyMap;
  readonly pooling: PoolingName;
}

/** An image score: a pooled map, or what a formula makes of some. Higher means more abnormal. */
export interface Score {
  readonly info: ScoreInfo;
  /** What it is; null for a formula. */
  readonly pools: PooledMap | null;
  readonly parts: readonly PooledMap[];
  /** @param values of the parts, in their order */
  compute(values: readonly number[]): number;
}

/** The long name of a score that is a map and a pooling, such as `excess3.top5`. */
export function spelled({ map, pooling }: PooledMap): string {
  return `${map.name}.${pooling}`;
}
