import { existsSync, statSync } from 'node:fs';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { writeTogether } from '../../data/files/atomic.ts';
import { withFile } from '../../data/files/file-bytes.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { readBytes } from '../../data/files/read.ts';
import { readMetadata } from '../../data/files/safetensors.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Calibration } from '../calibration/calibration.ts';
import { readCalibration } from '../calibration/calibration-file.ts';
import type { DetectorNetworks } from './detector-networks.ts';
import { calibrationIn, decodeModel, encodeModel, type Model } from './model-file.ts';

const MAX_BYTES = 2 ** 31 - 1;

/**
 * Keeps a calibration in its run, and with all that scoring needs in its model file. {@link requireOneCalibration} notices where one of both
 * files comes from elsewhere.
 *
 * @param seen fingerprints of the images that trained or calibrated it @throws CyclopsError when a file cannot be written
 */
export async function writeCalibrated(
  run: Pick<RunFolder, 'model' | 'thresholds'>,
  detector: DetectorNetworks,
  calibration: Calibration,
  seen: string[],
): Promise<void> {
  writeTogether([
    [run.model, await encodeModel(detector, calibration, seen)],
    [run.thresholds, `${JSON.stringify(calibration, null, 2)}\n`],
  ]);
}

/**
 * Refuses a run whose model file and thresholds were not written together, such as where one of them was restored or copied: each would
 * judge otherwise. A run may lack either.
 *
 * @throws CyclopsError also for one of them that is damaged
 */
export function requireOneCalibration(run: RunFolder): void {
  if (!existsSync(run.model) || !existsSync(run.thresholds)) return;
  const inModel = calibrationIn(withFile(run.model, readMetadata), run.model);
  if (inModel === null || JSON.stringify(inModel) === JSON.stringify(readCalibration(run))) return;
  throw new CyclopsError(
    `${run.model} and ${run.thresholds} hold two calibrations, of which one was copied there or restored. Write both anew with ` +
      `'cyclops calibrate ${run.root}'.`,
  );
}

/** Reads a model file. @throws CyclopsError when it is missing or too large, or as {@link decodeModel} does */
export function readModel(path: string): Model {
  const size = sizeOf(path);
  if (size > MAX_BYTES) {
    throw new CyclopsError(
      `${path} is no model: it has ${size} bytes, a model at most ${MAX_BYTES}. Give the model.safetensors of a run.`,
    );
  }
  return decodeModel(readBytes(path), path);
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}
