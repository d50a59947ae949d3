/**
 * What Cyclops does with folders of images, as functions: train, calibrate, evaluate, score, translate, report. They need Node, take their
 * options as an object, tell a listener how far they are, and return objects. They use no terminal, signals or exit codes of the process.
 */

// Training and calibration.

export type { Average } from './anomaly/calibration/average.ts';
export type { Baseline } from './anomaly/calibration/baseline.ts';
export {
  CALIBRATION_SOURCES,
  type Calibration,
  type CalibrationSource,
  type ChosenThreshold,
  DEFAULT_RULE,
  NAMED_RULES,
  type Rule,
  type StoredThreshold,
} from './anomaly/calibration/calibration.ts';
export type { Combination } from './anomaly/calibration/combination.ts';
export type { HeatmapCalibration, HeatScale } from './anomaly/calibration/heatmap-scale.ts';
export type { TradeOff, TradeOffPoint } from './anomaly/calibration/trade-off.ts';
export type { TrainingConfig } from './cyclegan/config.ts';
export type { PresetName } from './cyclegan/presets.ts';
export type { Position } from './cyclegan/run/position.ts';
export type { RunFolder } from './cyclegan/run/run-folder.ts';
export { LABELS, type Label } from './data/datasets/dataset.ts';
export { type CalibrateOptions, type CalibrateResult, calibrate } from './workflow/calibrate.ts';
export type { DataOptions } from './workflow/images/open-data.ts';
export {
  type MeanAndDeviation,
  type PaperFigures,
  type PaperProtocolOptions,
  paperProtocol,
} from './workflow/paper-protocol.ts';
export { CALIBRATION_SHARE, type DivisionOptions } from './workflow/runs/division.ts';
export { type ConfigOptions, DEFAULT_PRESET } from './workflow/runs/training-config.ts';
export { type TrainOptions, type TrainResult, train } from './workflow/train.ts';

// Judging images.

export type { ResultPictures } from './anomaly/detector/score-images.ts';
export type { DecodedImage } from './data/images/decoded-image.ts';
export type { Size } from './data/images/level-memory.ts';
export { type EvaluateOptions, evaluate } from './workflow/evaluate.ts';
export { type ExportedOnnx, type ExportOnnxOptions, exportOnnx } from './workflow/export-onnx.ts';
export { type ExportedWeights, type ExportOptions, exportWeights } from './workflow/export-weights.ts';
export { IMPORTED_LOAD_SIZE, type ImportedRun, type ImportOptions, importWeights } from './workflow/import-weights.ts';
export { type MakePageOptions, makePage } from './workflow/make-page.ts';
export { PICTURES_BUDGET, type ReportOptions, report } from './workflow/report-file.ts';
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

// Jobs that are divided among machines.

export { type Collected, type CollectOptions, collect } from './workflow/collect.ts';
export type { CollectedScores } from './workflow/collect-scores.ts';
export { type ProtocolShardOptions, protocolShard } from './workflow/paper-protocol.ts';
export { type ScoreShardOptions, type ShardScoring, scoreShard } from './workflow/score-shard.ts';
export type { Shard, ShardDone } from './workflow/shards/shard.ts';
export {
  type Mistakes,
  type Spread,
  type SweepOptions,
  type SweepRow,
  type SweepSummary,
  type SweepTable,
  sweep,
} from './workflow/sweep.ts';
export { type TrainShardOptions, trainShard } from './workflow/train-shard.ts';

// What an evaluation tells: figures of every score, of pixels and pairs, checks, and pictures for a report.

export type { BaselineReport } from './anomaly/evaluation/baseline-report.ts';
export type {
  Evaluation,
  JudgedImage,
  ScoreReport,
  SkippedFile,
  ThresholdFigures,
} from './anomaly/evaluation/evaluation.ts';
export type { HeatmapReport } from './anomaly/evaluation/heatmap-report.ts';
export type { Learned } from './anomaly/evaluation/learned.ts';
export type { Closeness, PairReport } from './anomaly/evaluation/pairs.ts';
export type { OwnedFigures, PixelReport } from './anomaly/evaluation/pixel-evaluation.ts';
export type { Steganography } from './anomaly/evaluation/steganography.ts';
export type { Histogram, RocPoint } from './anomaly/metrics/classification.ts';
export { AUPRO_FPR, type PixelF1, type PixelFigures } from './anomaly/metrics/pixel-metrics.ts';
export { type ImageStatistics, STATISTIC_NAMES, type StatisticName } from './anomaly/scores/image-statistics.ts';
export type { ScoreInfo } from './anomaly/scores/score.ts';
export type { HeatStatistics } from './anomaly/scores/scored-image.ts';
export type { KeptPictures, PictureCounts, PicturedImage, PicturesReport } from './report/parts/kept-pictures.ts';
export type { Picture, Pictures, ReportPictures } from './report/parts/pictures.ts';
export type { EvaluatedRun } from './workflow/runs/evaluate-run.ts';

// What workflows tell on the way, and why they refuse.

export type { TrainingProgress } from './cyclegan/run/trainer.ts';
export { Device, type DeviceOptions } from './gpu/device.ts';
export { CyclopsError, DeviceLostError, DeviceUnavailableError, NoAdapterError } from './gpu/errors.ts';
export type { TimedLaunch } from './gpu/profiler.ts';
export type { StopSignal } from './gpu/stop-signal.ts';
export type { Listener, Progress } from './workflow/common/listener.ts';
export { UsageError } from './workflow/common/usage-error.ts';
export type { DeviceOption } from './workflow/common/with-device.ts';
