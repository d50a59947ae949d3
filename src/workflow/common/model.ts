import { existsSync } from 'node:fs';
import type { Calibration } from '../../anomaly/calibration/calibration.ts';
import { readCalibration } from '../../anomaly/calibration/calibration-file.ts';
import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { loadModel, type Model } from '../../anomaly/detector/model-file.ts';
import { openCheckpointNetworks, openRunNetworks } from '../../anomaly/detector/run-networks.ts';
import { readModel, requireOneCalibration } from '../../anomaly/detector/stored-model.ts';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import { type CheckpointHead, openCheckpoint, readCheckpointHead } from '../../cyclegan/run/checkpoint-head.ts';
import { readDataRecord, seenImages } from '../../cyclegan/run/data-record.ts';
import type { Position } from '../../cyclegan/run/position.ts';
import { hasCheckpoint, openRun, type RunFolder, runFolder, runOfFold } from '../../cyclegan/run/run-folder.ts';
import { isFolder } from '../../data/files/is-folder.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';

/** A trained and calibrated model: networks to be put on a device, and what was fixed before. */
export interface TrainedModel {
  /** The file or folder that all this was read from. */
  source: string;
  /** Null for a model file that was given alone. */
  run: RunFolder | null;
  config: TrainingConfig;
  /** Where the training of its networks stood; null likewise. */
  position: Position | null;
  /**
   * May be called again, as after a lost device.
   *
   * @param tile as for `openDetector`
   * @throws CyclopsError also when a training has replaced the networks that the calibration belongs to
   */
  open: (device: Device, tile: number | undefined) => DetectorNetworks;
  calibration: Calibration;
  /** Fingerprints of the images that trained or calibrated it. */
  seen: readonly string[];
}

/**
 * Opens a model file, or a run folder with its checkpoint.
 *
 * @throws CyclopsError when it is damaged, not calibrated yet, or calibrated for other networks than it holds
 */
export function openModel(path: string): TrainedModel {
  return isFolder(path) ? ofRun(openRun(path)) : trainedModel(readModel(path));
}

/**
 * The same where a model file is enough: a run folder's is opened if it has one, and nothing else of the run need be there.
 *
 * @throws CyclopsError as {@link openModel}
 */
export function openModelFile(path: string): TrainedModel {
  const run = runFolder(path);
  return isFolder(path) && !existsSync(run.model) ? openModel(path) : trainedModel(readModelFile(path));
}

/**
 * A model file as it was read, on no device: the one given, or that of a run folder.
 *
 * @throws CyclopsError when it is missing, damaged, or calibrated for other networks than the run's
 */
export function readModelFile(path: string): Model {
  if (!isFolder(path)) return readModel(path);
  const run = runFolder(path);
  if (!existsSync(run.model)) {
    const { root } = openRun(path);
    throw new CyclopsError(`${root} has no model file. Write it with 'cyclops calibrate ${root}'.`);
  }
  const model = readModel(run.model);
  requireOneCalibration(run);
  if (hasCheckpoint(run)) requireItsNetworks(run, readCheckpointHead(run.checkpoint), model.calibration);
  return model;
}

/** Networks alone, of a model file or of a run folder, which need not be calibrated. @throws CyclopsError when they cannot be read */
export function openNetworks(device: Device, path: string, tile: number | undefined): DetectorNetworks {
  return isFolder(path) ? openRunNetworks(device, openRun(path), tile) : loadModel(device, readModel(path), tile);
}

function ofRun(run: RunFolder): TrainedModel {
  const checkpoint = openCheckpoint(run.checkpoint);
  const { head } = checkpoint;
  requireCalibrated(run, head);
  requireOneCalibration(run);
  const calibration = readCalibration(run);
  requireItsNetworks(run, head, calibration);
  return {
    source: run.root,
    run,
    config: head.config,
    position: head.position,
    open: (device, tile) => openCheckpointNetworks(device, checkpoint, tile),
    calibration,
    seen: seenImages(readDataRecord(run.data)),
  };
}

/** @throws CyclopsError for imported weights, whose thresholds no training has chosen, and for a fold, whose run has them */
function requireCalibrated(run: RunFolder, { manifest }: CheckpointHead): void {
  if (existsSync(run.thresholds)) return;
  const whole = runOfFold(run.root);
  if (whole !== null) {
    throw new CyclopsError(
      `${run.root} is a fold of the run in ${whole}, and no model of its own: its networks were made to choose the thresholds of that run. Use ${whole}.`,
    );
  }
  if (!manifest.imported) return;
  throw new CyclopsError(
    `${run.root} was imported and has no thresholds yet. Choose them on images that did not train it: 'cyclops calibrate ${run.root} --data DATA'.`,
  );
}

/** Thresholds hold for the weights that they were chosen with: training that went on has left them behind. */
function requireItsNetworks(run: RunFolder, { position }: CheckpointHead, { step }: Calibration): void {
  if (step === undefined || step === position.step) return;
  throw new CyclopsError(
    `The thresholds of ${run.root} were chosen for its networks after step ${step}, but its checkpoint holds those after step ${position.step}. ` +
      `Finish the training, which chooses them anew, or choose them now with 'cyclops calibrate ${run.root}'.`,
  );
}

function trainedModel(model: Model): TrainedModel {
  const { source, config, calibration, seen } = model;
  return {
    source,
    run: null,
    config,
    position: null,
    calibration,
    seen,
    open: (device, tile) => loadModel(device, model, tile),
  };
}
