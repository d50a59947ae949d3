/**
 * What Cyclops does with folders of images, as functions: train, calibrate, evaluate, score, translate, report. They need Node, take their
 * options as an object, tell a listener how far they are, and return objects. They use no terminal, signals or exit codes of the process.
 */

// Training and calibration.

export type { Calibration, Rule } from './anomaly/calibration/calibration.ts';
export type { TrainingConfig } from './cyclegan/config.ts';
export type { PresetName } from './cyclegan/presets.ts';
export { type CalibrateOptions, type CalibrateResult, calibrate } from './workflow/calibrate.ts';
export { type PaperFigures, type PaperProtocolOptions, paperProtocol } from './workflow/paper-protocol.ts';
export { type TrainOptions, type TrainResult, train } from './workflow/train.ts';

// Judging images.

export type { Evaluation } from './anomaly/evaluation/evaluation.ts';
export { type EvaluateOptions, evaluate } from './workflow/evaluate.ts';
export { type ReportOptions, report } from './workflow/report-file.ts';
export type { EvaluatedRun } from './workflow/runs/evaluate-run.ts';
export {
  type Decision,
  type FileResult,
  type ScoredFile,
  type ScoreOptions,
  type Scoring,
  score,
  type UnreadableFile,
} from './workflow/score.ts';
export { type TranslateOptions, type Translation, translate } from './workflow/translate.ts';

// What workflows tell on the way, and why they refuse.

export { CyclopsError } from './gpu/errors.ts';
export type { StopSignal } from './gpu/stop-signal.ts';
export type { Listener, Progress } from './workflow/common/listener.ts';
export { UsageError } from './workflow/common/usage-error.ts';
