import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openDetector } from '../../anomaly/detector.ts';
import { scoreImages } from '../../anomaly/score-images.ts';
import { SCORES } from '../../anomaly/scores.ts';
import { readThresholds } from '../../anomaly/train-thresholds.ts';
import { openRun } from '../../cyclegan/run-folder.ts';
import type { ImageRef } from '../../data/dataset.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { ImageDecoder, settleBroken } from '../decode-images.ts';
import { UsageError } from '../failure.ts';
import { addTileOption, addTuneOptions, type TuneOptions, withDevice } from '../options.ts';
import { tuneScoring } from '../tuning.ts';

interface ScoreOptions extends TuneOptions {
  by?: string;
  skipBroken?: boolean;
  tile?: number;
}

export function addScore(program: Command): void {
  const command = program
    .command('score')
    .description('print file, score, threshold and flag of images, one a line, separated by tabs')
    .argument('<run>', 'folder that train wrote')
    .argument('<image...>', 'PNG or JPEG files')
    .option('--by <score>', 'the score that decides (default: the one that training chose)')
    .option('--skip-broken', 'leave out images that cannot be read, instead of refusing them');
  addTileOption(command);
  addTuneOptions(command).action(score);
}

async function score(runPath: string, images: string[], options: ScoreOptions): Promise<void> {
  const run = openRun(runPath);
  const thresholds = readThresholds(run);
  const name = options.by ?? thresholds.chosen;
  const threshold = new Map(Object.entries(thresholds.scores)).get(name)?.threshold.value;
  if (threshold === undefined) {
    throw new UsageError(
      `There is no score '${name}' in ${run.root}; expected ${Object.keys(thresholds.scores).join(', ')}.`,
    );
  }
  const skipBroken = options.skipBroken ?? false;
  const decoder = new ImageDecoder(images.map(asRef), skipBroken);
  await withDevice(options, async (device) => {
    const detector = openDetector(device, run, options.tile);
    await tuneScoring(detector, options);
    let done = 0;
    const wanted = SCORES.filter(({ info }) => info.name === name);
    for await (const { scores } of scoreImages(detector, decoder.images(), () => false, wanted)) {
      const file = decoder.good[done++]?.file;
      const value = scores[name];
      if (value === undefined || !Number.isFinite(value)) {
        throw new CyclopsError(
          `The score ${name} of ${file} is ${value}; expected a finite number. The weights of ${run.root} diverged; train again.`,
        );
      }
      process.stdout.write(`${[file, value, threshold, value >= threshold ? 'flagged' : 'passed'].join('\t')}\n`);
    }
    detector.dispose();
  });
  settleBroken(decoder, skipBroken, (line) => !options.quiet && process.stderr.write(`${line}\n`));
}

/** An image without a data set: its label is unknown, and nothing here asks for it. */
function asRef(file: string): ImageRef {
  return { path: resolve(file), file, label: 'normal' };
}
