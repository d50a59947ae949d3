import type { Command } from 'commander';
import type { Device } from '../../gpu/device.ts';
import { visible } from '../../report/parts/visible.ts';
import { collect as collectWorkflow } from '../../workflow/collect.ts';
import type { CollectedScores } from '../../workflow/collect-scores.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { readJob } from '../../workflow/shards/job.ts';
import { concludeScoring } from '../conclude-scoring.ts';
import { EXIT } from '../failure.ts';
import { listenOnTerminal } from '../listener.ts';
import { addTuneOptions, type TuneFlags, withDevice } from '../options.ts';
import { calibrationText } from '../text/calibration.ts';
import { paperText } from '../text/paper-protocol.ts';
import { sweepText } from '../text/sweep.ts';

interface CollectCommandOptions extends TuneFlags {
  csv?: string;
  failOnAnomaly?: boolean;
  skipBroken?: boolean;
}

export function addCollect(program: Command): void {
  const command = program
    .command('collect')
    .description('make one of what the shards of a job left in a folder, or say which of them are missing')
    .argument('<out>', 'the folder that shards were given with --out')
    .option('--csv <file>', 'of scored images: the table of all (default: scores.csv in that folder)')
    .option('--fail-on-anomaly', `likewise: end with exit code ${EXIT.flagged} instead of 0 when an image was flagged`)
    .option('--skip-broken', 'likewise: do not fail when files could not be read; they are listed either way');
  addTuneOptions(command).action(collect);
}

async function collect(out: string, options: CollectCommandOptions): Promise<void> {
  const { csv, tune, quiet = false, failOnAnomaly, skipBroken } = options;
  const { kind } = readJob(out);
  if (kind !== 'score' && (failOnAnomaly || skipBroken)) {
    throw new UsageError(
      `--fail-on-anomaly and --skip-broken are for scored images, and the job in ${out} trains. Leave them out.`,
    );
  }
  const { listener, stop } = listenOnTerminal(quiet);
  const work = (device?: Device) => collectWorkflow({ ...listener, device, tune, out, csv });
  // Whoever collects elsewhere may have no device there; a calibration alone needs one.
  const collected = await (kind === 'folds' ? withDevice(options, work) : work()).finally(stop);
  if (collected.kind === 'score') concludeScores(collected, options);
  else if (collected.kind === 'protocol') process.stdout.write(paperText(collected.figures));
  else if (collected.kind === 'sweep') process.stdout.write(sweepText(collected.table));
  else if (!quiet) process.stdout.write(`Trained: ${visible(out)}\n${calibrationText(collected.calibration)}`);
}

function concludeScores(scores: CollectedScores, options: CollectCommandOptions): void {
  const { quiet = false, skipBroken = false, failOnAnomaly = false } = options;
  const { flagged, total, csv } = scores;
  if (!quiet) process.stdout.write(`${flagged} of ${total} images flagged: ${visible(csv)}\n`);
  concludeScoring(scores, { quiet, skipBroken, failOnAnomaly, told: false, isShard: false });
}
