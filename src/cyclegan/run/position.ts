/** Where a run stands. */
export interface Position {
  /** Steps done. */
  step: number;
  /** Steps of an epoch, which the data decides. */
  stepsPerEpoch: number;
  /** Words that the image pools have drawn from their random stream. */
  poolDraws: number;
  /** Time spent training so far. */
  seconds: number;
}
