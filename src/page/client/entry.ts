/** A picture that was given to the page, and what became of it. */
import type { HeatMap } from '../../anomaly/detector/detector.ts';
import { heatShare } from '../../report/parts/heatmap.ts';

export interface Verdict {
  readonly flagged: boolean;
  readonly score: number;
  /** In what it is unlike the images that set the threshold; none where that is not known. */
  readonly unlike: readonly string[];
  readonly heat: Heat | null;
}

/** A heat map in 256 steps of its scale, so that thousands fit the page's memory. */
export interface Heat extends Pick<HeatMap, 'width' | 'height' | 'judged'> {
  /** [height, width], 255 for the brightest colour. */
  readonly shares: Uint8Array;
}

export interface Entry {
  /** Counts from 1 in the order in which they were given. */
  readonly place: number;
  readonly name: string;
  readonly file: Blob;
  /** Null while it waits. */
  verdict: Verdict | null;
  /** Why it could not be judged. */
  error: string | null;
}

/** Waiting, or what the list is filtered by. */
export type State = 'waiting' | 'flagged' | 'passed' | 'unreadable';

export function stateOf({ verdict, error }: Entry): State {
  if (error !== null) return 'unreadable';
  if (!verdict) return 'waiting';
  return verdict.flagged ? 'flagged' : 'passed';
}

/** @returns null for maps of models whose heat maps were not calibrated, which have no scale */
export function keptHeat({ values, width, height, judged, floor, threshold }: HeatMap): Heat | null {
  if (threshold === null) return null;
  const scale = { floor, threshold };
  const shares = Uint8Array.from(values, (value) => Math.round(255 * heatShare(value, scale)));
  return { shares, width, height, judged };
}
