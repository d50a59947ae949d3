import { existsSync } from 'node:fs';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { readJson } from '../../data/files/json-file.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type Calibration, calibrationSchema } from './calibration.ts';

/** The calibration of a run. @throws CyclopsError when there is none yet or the file is damaged */
export function readCalibration(run: RunFolder): Calibration {
  if (existsSync(run.thresholds)) return readJson(run.thresholds, calibrationSchema);
  throw new CyclopsError(
    `${run.root} has no thresholds yet: they are chosen at the end of training, and this one has not ended. ` +
      `Finish it with 'cyclops train DATA --out ${run.root} --resume', or choose them now with 'cyclops calibrate ${run.root}'.`,
  );
}
