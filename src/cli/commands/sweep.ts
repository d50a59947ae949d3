import { type Command, Option } from 'commander';
import { collect } from '../../workflow/collect.ts';
import { sweep as sweepWorkflow } from '../../workflow/sweep.ts';
import { concludeShard } from '../conclude-shard.ts';
import { wrap } from '../failure.ts';
import { catchInterrupt } from '../interrupt.ts';
import { listenOnTerminal } from '../listener.ts';
import { addDataOptions, addTuneOptions, type DataFlags, type TuneFlags, withDevice } from '../options.ts';
import { addShardOption, chooseShard, type ShardFlag } from '../shard-option.ts';
import { sweepText } from '../text/sweep.ts';

interface SweepCommandOptions extends TuneFlags, DataFlags {
  out: string;
  shard?: ShardFlag;
}

export function addSweep(program: Command): void {
  const command = program
    .command('sweep')
    .description('train variants of options on several sets with several seeds, and compare them by the test images')
    .argument('<file>', 'JSON that names sets, options and seeds')
    .addOption(new Option('--out <folder>', 'folder of all runs, new, empty or begun').makeOptionMandatory());
  addShardOption(command);
  addDataOptions(command);
  addTuneOptions(command).action(sweep);
}

async function sweep(file: string, options: SweepCommandOptions): Promise<void> {
  const { out, aIs, skipBroken, tune, quiet = false } = options;
  const chosen = chooseShard(options.shard, out, process.env);
  if (chosen) process.stderr.write(`${wrap(chosen.said)}\n`);
  const { listener, stop } = listenOnTerminal(quiet);
  const { signal, release } = catchInterrupt(() => {
    if (!quiet)
      process.stderr.write('\nStopping after this step, with a checkpoint. Press Ctrl-C again to quit at once.\n');
  });
  const done = await withDevice(options, (device) =>
    sweepWorkflow({ ...listener, signal, device, file, out, aIs, skipBroken, tune, shard: chosen?.shard }),
  ).finally(() => {
    release();
    stop();
  });
  if (chosen || !done.isWhole) return concludeShard(done, out);
  const collected = await collect({ ...listener, out });
  if (collected.kind === 'sweep') process.stdout.write(sweepText(collected.table));
}
