import { existsSync } from 'node:fs';
import { readJsonObject } from '../cyclegan/json-file.ts';
import type { RunFolder } from '../cyclegan/run-folder.ts';
import type { Banks } from '../cyclegan/samples.ts';
import { writeFileAtomic } from '../data/atomic.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Detector } from './detector.ts';
import { scoreBank } from './score-images.ts';
import { SCORE_INFOS } from './scores.ts';
import { chooseThresholds, parseTrainedThresholds, type ScoredImage, type TrainedThresholds } from './thresholds.ts';

/**
 * Ends a training: scores the images that it trained on, chooses the score that decides and a threshold for each score,
 * and stores them in the run.
 *
 * @param onImage called after each image
 * @throws CyclopsError when a score is not finite or the file cannot be written
 */
export async function trainThresholds(
  detector: Detector,
  banks: Banks,
  run: RunFolder,
  onImage: () => void = () => {},
): Promise<TrainedThresholds> {
  const images: ScoredImage[] = [];
  for (const { label, bank } of [
    { label: 'abnormal', bank: banks.a },
    { label: 'normal', bank: banks.b },
  ] as const) {
    for await (const { scores } of scoreBank(detector, bank)) {
      images.push({ file: `${label} training image ${images.length}`, label, scores });
      onImage();
    }
  }
  const thresholds = chooseThresholds(images, SCORE_INFOS);
  writeFileAtomic(run.thresholds, `${JSON.stringify(thresholds, null, 2)}\n`);
  return thresholds;
}

/** The thresholds of a run. @throws CyclopsError when its training has not ended or the file is damaged */
export function readThresholds(run: RunFolder): TrainedThresholds {
  if (existsSync(run.thresholds)) {
    return parseTrainedThresholds(Object.fromEntries(readJsonObject(run.thresholds)), run.thresholds);
  }
  throw new CyclopsError(
    `${run.root} has no thresholds yet: they are chosen at the end of training, and this one has not ended. ` +
      `Finish it with 'cyclops train DATA --out ${run.root} --resume'.`,
  );
}
