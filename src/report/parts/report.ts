import type { Assessment } from '../../anomaly/evaluation/assessment.ts';
import type { BaselineReport } from '../../anomaly/evaluation/baseline-report.ts';
import type { Evaluation } from '../../anomaly/evaluation/evaluation.ts';
import type { HeatmapReport } from '../../anomaly/evaluation/heatmap-report.ts';
import type { Learned } from '../../anomaly/evaluation/learned.ts';
import type { PairReport } from '../../anomaly/evaluation/pairs.ts';
import type { PixelReport } from '../../anomaly/evaluation/pixel-evaluation.ts';
import type { Steganography } from '../../anomaly/evaluation/steganography.ts';
import type { PicturesReport } from './kept-pictures.ts';
import type { LossCurve } from './loss-curves.ts';

/** What `report.json` calls itself. */
export const FORMAT = 'cyclops report';

/** Every figure of a report: `report.json` is this object, and `report.html` shows it. */
export interface Report {
  format: typeof FORMAT;
  title: string;
  dataset: {
    name: string;
    /** Images the networks were trained on. */
    trainNormal: number;
    trainAbnormal: number;
    /** Images that were not judged because they trained or calibrated the run. */
    leftOut: number;
    /** Origin and licence of the photographs, where known. */
    attribution?: string;
  };
  device: { name: string; driver: string };
  training: {
    steps: number;
    epochs: number;
    seconds: number;
    /** The options of the run, as the user would write them. */
    configuration: Record<string, string | number | boolean>;
    losses: readonly LossCurve[];
  };
  /** Program and library versions by name. */
  versions: Record<string, string>;
  /** The command line that makes this report again; absent where a program made it. */
  command?: string;
  /** When it was made; shown as it is. */
  created: string;
  evaluation: Evaluation;
  assessment: Assessment;
  steganography: Steganography;
  learned: Learned;
  /** Null for a model that was calibrated before there was one. */
  baseline: BaselineReport | null;
  heatmap: HeatmapReport & {
    /** Value of the brightest colour; the same for every image. */
    max: number;
  };
  /** Null where no judged image has a mask. */
  pixels: PixelReport | null;
  /** Null where no judged image has a template. */
  pairs: PairReport | null;
  pictures: PicturesReport;
}
