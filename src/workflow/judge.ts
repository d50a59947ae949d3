import { existsSync } from 'node:fs';
import type { Calibration } from '../anomaly/calibration/calibration.ts';
import { readCalibration } from '../anomaly/calibration/calibration-file.ts';
import type { Detector } from '../anomaly/detector/detector.ts';
import { loadModel } from '../anomaly/detector/model-file.ts';
import { openDetector } from '../anomaly/detector/open-detector.ts';
import { readModel } from '../anomaly/detector/stored-model.ts';
import { fingerprint, readDataRecord } from '../cyclegan/run/data-record.ts';
import { openRun, type RunFolder, runFolder } from '../cyclegan/run/run-folder.ts';
import { isFolder } from '../data/files/is-folder.ts';
import type { Device } from '../gpu/device.ts';

/** What judges images: networks to be put on a device, and what was fixed before. */
export interface Judge {
  /** The file or folder that all this was read from. */
  source: string;
  /** Null for a model file that was given alone. */
  run: RunFolder | null;
  /** @param tile as for `openDetector` */
  open: (device: Device, tile: number | undefined) => Detector;
  calibration: Calibration;
  /** Fingerprints of the images that trained or calibrated it. */
  seen: readonly string[];
}

/** @param path a model file, or a run folder with its checkpoint @throws CyclopsError when it is damaged, or not calibrated yet */
export function openJudge(path: string): Judge {
  return isFolder(path) ? ofRun(openRun(path)) : ofModel(path);
}

/** The model file of a run folder; the path itself where there is none. */
export function modelIn(path: string): string {
  const { model } = runFolder(path);
  return isFolder(path) && existsSync(model) ? model : path;
}

/** Networks alone, of a model file or of a run folder, which need not be calibrated. @throws CyclopsError when they cannot be read */
export function openNetworks(device: Device, path: string, tile: number | undefined): Detector {
  return isFolder(path) ? openDetector(device, openRun(path), tile) : loadModel(device, readModel(path), tile);
}

function ofRun(run: RunFolder): Judge {
  return {
    source: run.root,
    run,
    open: (device, tile) => openDetector(device, run, tile),
    calibration: readCalibration(run),
    seen: readDataRecord(run.data).images.map(({ sha256 }) => fingerprint(sha256)),
  };
}

function ofModel(path: string): Judge {
  const model = readModel(path);
  const { calibration, seen } = model;
  return {
    ...{ source: path, run: null, calibration, seen },
    open: (device, tile) => loadModel(device, model, tile),
  };
}
