import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { requireHeatmap } from '../../anomaly/calibration/calibration.ts';
import { scoresOf } from '../../anomaly/calibration/combined-score.ts';
import { heatmapMaximum } from '../../anomaly/calibration/heatmap-scale.ts';
import type { ResultPictures } from '../../anomaly/detector/score-images.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { encodePng } from '../../data/images/png.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { paintHeatmap } from '../../report/parts/heatmap.ts';
import { ImageDecoder } from '../../workflow/decode-images.ts';
import { imagesAt } from '../../workflow/images-at.ts';
import { type Judge, modelIn, openJudge } from '../../workflow/judge.ts';
import { scoreRefs } from '../../workflow/score-refs.ts';
import { ScoreTable } from '../../workflow/score-table.ts';
import { tuneScoring } from '../../workflow/tuning.ts';
import { EXIT, UsageError } from '../failure.ts';
import { addTileOption, addTuneOptions, type TuneOptions, toNumber, withDevice } from '../options.ts';
import { duration, showProgress } from '../text/progress.ts';

interface ScoreOptions extends TuneOptions {
  by?: string;
  threshold?: number;
  csv?: string;
  heatmaps?: string;
  failOnAnomaly?: boolean;
  skipBroken?: boolean;
  tile?: number;
}

export function addScore(program: Command): void {
  const command = program
    .command('score')
    .description('print file, score, threshold and flag of images, one a line, separated by tabs')
    .argument('<model>', 'model.safetensors, or the folder that train wrote')
    .argument('<image...>', 'PNG or JPEG files, or folders of them, with those below')
    .option('--by <score>', 'the score that decides (default: the one that calibration chose)')
    .option('--threshold <number>', 'flag from this score on instead of the calibrated threshold', toNumber)
    .option('--csv <file>', 'write a line for each file as it is done: file, status, score, threshold, every score')
    .option('--heatmaps <folder>', 'write where each image differs from what it should look like, on one scale for all')
    .option('--fail-on-anomaly', `end with exit code ${EXIT.flagged} when an image is flagged`)
    .option('--skip-broken', 'do not fail when files cannot be read; they are listed either way');
  addTileOption(command);
  addTuneOptions(command).action(score);
}

async function score(modelPath: string, paths: string[], options: ScoreOptions): Promise<void> {
  const judge = openJudge(modelIn(modelPath));
  const { name, threshold } = decision(judge, options);
  const { heatmaps, quiet = false, skipBroken = false } = options;
  const heatmapMax = heatmaps === undefined ? 0 : heatmapMaximum(requireHeatmap(judge.calibration, judge.source));
  const refs = paths.flatMap(imagesAt);
  requireDifferentNames(refs, heatmaps);
  const decoder = new ImageDecoder(refs, true);
  const known = scoresOf(judge.calibration);
  const names = known.map(({ info }) => info.name);
  const table = ScoreTable.open(options.csv, names, name, threshold);
  // The table has every score; without it the networks run only as far as the one that decides needs.
  const wanted = options.csv === undefined ? known.filter(({ info }) => info.name === name) : known;
  let flagged = 0;
  try {
    await withDevice(options, async (device) => {
      const detector = judge.open(device, options.tile);
      await tuneScoring(detector, options);
      // On a terminal the lines themselves show how far it has come.
      const display = showProgress('scoring', refs.length, quiet || process.stdout.isTTY === true);
      const began = performance.now();
      let done = 0;
      const images = scoreRefs(detector, decoder, () => heatmaps !== undefined, wanted);
      for await (const { ref, scores, pictures } of images) {
        const { file } = ref;
        done += 1;
        const value = scores[name];
        if (value === undefined || !Number.isFinite(value)) {
          throw new CyclopsError(
            `The score ${name} of ${file} is ${value}; expected a finite number. The weights of ${judge.source} diverged; train again.`,
          );
        }
        if (heatmaps !== undefined && pictures) writeHeatmap(heatmaps, file, pictures, heatmapMax);
        if (value >= threshold) flagged += 1;
        table.add(file, value, scores);
        const seconds = (performance.now() - began) / 1000;
        const finished = done + decoder.broken.length;
        const left = duration((seconds / finished) * (refs.length - finished));
        display.update(finished, `${(finished / seconds).toFixed(1)} images/s, ${left} left`);
      }
      display.stop();
      detector.dispose();
    });
    for (const { ref, reason } of decoder.broken) table.addUnreadable(ref.file, reason);
  } finally {
    table.close();
  }
  conclude(decoder, flagged, refs.length, { quiet, skipBroken, failOnAnomaly: options.failOnAnomaly ?? false });
}

function decision(
  { source, calibration }: Judge,
  { by, threshold }: ScoreOptions,
): { name: string; threshold: number } {
  const name = by ?? calibration.chosen;
  const calibrated = new Map(Object.entries(calibration.scores)).get(name)?.threshold.value;
  if (calibrated !== undefined) return { name, threshold: threshold ?? calibrated };
  throw new UsageError(
    `There is no score '${name}' in ${source}; expected ${Object.keys(calibration.scores).join(', ')}.`,
  );
}

/** Below the folder of heat maps, wherever the image lies. */
function heatmapPath(folder: string, file: string): string {
  const parts = file.split(/[\\/]/).filter((part) => part !== '..');
  return join(folder, `${parts.join('/')}.heat.png`);
}

/** @throws UsageError when two heat maps would be written under one name */
function requireDifferentNames(refs: readonly ImageRef[], heatmaps: string | undefined): void {
  if (heatmaps === undefined) return;
  const seen = new Map<string, string>();
  for (const { file, path } of refs) {
    const target = heatmapPath(heatmaps, file);
    const other = seen.get(target);
    if (other !== undefined) {
      throw new UsageError(
        `${other} and ${path} would both have the heat map ${target}. Score them one after the other.`,
      );
    }
    seen.set(target, path);
  }
}

function writeHeatmap(folder: string, file: string, { input, heatmap }: ResultPictures, max: number): void {
  const { width, height } = input;
  const target = heatmapPath(folder, file);
  try {
    mkdirSync(dirname(target), { recursive: true });
  } catch (error) {
    throw fileError(error, 'make the folder', dirname(target));
  }
  writeFileAtomic(target, encodePng(width, height, 3, paintHeatmap(heatmap, width, height, max)));
}

/** Says what was left over, and chooses the exit code: flagged images weigh more than unreadable files. */
function conclude(
  { broken }: ImageDecoder,
  flagged: number,
  total: number,
  { quiet, skipBroken, failOnAnomaly }: { quiet: boolean; skipBroken: boolean; failOnAnomaly: boolean },
): void {
  if (!quiet || !skipBroken) for (const { reason } of broken) process.stderr.write(`unreadable: ${reason}\n`);
  if (failOnAnomaly && flagged > 0) process.exitCode = EXIT.flagged;
  else if (broken.length > 0 && (!skipBroken || broken.length === total)) {
    throw new CyclopsError(
      `${broken.length} of ${total} files could not be read, and were not scored. Repair or remove them, or leave them out with --skip-broken.`,
    );
  }
}
