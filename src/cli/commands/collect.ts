import type { Command } from 'commander';
import { collect as collectWorkflow } from '../../workflow/collect.ts';
import { concludeScoring } from '../conclude-scoring.ts';
import { EXIT } from '../failure.ts';
import { listenOnTerminal } from '../listener.ts';
import { addTuneOptions, type TuneFlags } from '../options.ts';
import { visible } from '../text/visible.ts';

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
    .option('--fail-on-anomaly', `likewise: end with exit code ${EXIT.flagged} when an image was flagged`)
    .option('--skip-broken', 'likewise: do not fail when files could not be read; they are listed either way');
  addTuneOptions(command).action(collect);
}

async function collect(out: string, options: CollectCommandOptions): Promise<void> {
  const { csv, tune, quiet = false, skipBroken = false, failOnAnomaly = false } = options;
  const { listener, stop } = listenOnTerminal(quiet);
  const collected = await collectWorkflow({ ...listener, tune, out, csv }).finally(stop);
  const { flagged, total } = collected;
  if (!quiet) process.stdout.write(`${flagged} of ${total} images flagged: ${visible(collected.csv)}\n`);
  concludeScoring(collected, { quiet, skipBroken, failOnAnomaly, told: false });
}
