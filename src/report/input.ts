import type { Evaluation } from '../anomaly/evaluation.ts';

/** The pictures of one image, as PNG files. */
export interface Pictures {
  /** The image x as the networks saw it. */
  input: Uint8Array;
  /** x̂ = G_a2n(x). */
  reconstruction: Uint8Array;
  /** Painted by paintHeatmap, with the same maximum for every image. */
  heatmap: Uint8Array;
  /** Where the defect really is, where the data set says so. */
  mask?: Uint8Array;
}

/** The losses of one training step, by name. */
export interface LossPoint {
  step: number;
  losses: Record<string, number>;
}

/** Everything the report shows. It computes no figure of its own. */
export interface ReportInput {
  title: string;
  dataset: {
    name: string;
    /** Images the networks were trained on. */
    trainNormal: number;
    trainAbnormal: number;
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
    losses: readonly LossPoint[];
  };
  /** Program and library versions by name. */
  versions: Record<string, string>;
  /** The command line that makes this report again. */
  command: string;
  /** When it was made; shown as it is. */
  created: string;
  evaluation: Evaluation;
  heatmap: {
    /** Value of the brightest colour; the same for every image. */
    max: number;
    /** Above it colours are warm. */
    threshold: number;
    /** How a pixel's value is computed. */
    formula: string;
  };
  /** By the `file` of the evaluation's images. An image without an entry is listed without pictures. */
  pictures: ReadonlyMap<string, Pictures>;
}
