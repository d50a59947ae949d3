import type { MeasurementName, Measurements } from '../maps/measurements.ts';

/** An image score: what it is called, how it is computed, and whether it is the one the paper uses. */
export interface ScoreInfo {
  /** Key in files and options, such as `sse`. */
  name: string;
  /** For people, such as `squared error`. */
  label: string;
  formula: string;
  paper: boolean;
}

/** An image score, made of the measurements that it needs; higher means more abnormal. */
export interface Score<Needs extends MeasurementName = MeasurementName> {
  readonly info: ScoreInfo;
  readonly needs: readonly Needs[];
  compute(measurements: Pick<Measurements, Needs | 'size'>): number;
}
