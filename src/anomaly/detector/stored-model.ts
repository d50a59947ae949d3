import { statSync } from 'node:fs';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { readBytes } from '../../data/files/read.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Calibration } from '../calibration/calibration.ts';
import type { DetectorNetworks } from './detector-networks.ts';
import { decodeModel, encodeModel, type Model } from './model-file.ts';

const MAX_BYTES = 2 ** 31 - 1;

/** Writes all that scoring needs into one file. @throws CyclopsError when it cannot be written */
export async function writeModel(
  path: string,
  detector: DetectorNetworks,
  calibration: Calibration,
  seen: string[],
): Promise<void> {
  writeFileAtomic(path, await encodeModel(detector, calibration, seen));
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
