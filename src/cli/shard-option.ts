import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../workflow/common/usage-error.ts';
import { shardsBegun } from '../workflow/shards/job.ts';
import { type Shard, WHOLE } from '../workflow/shards/shard.ts';
import { arrayJob } from './scheduler.ts';

/** What `--shard` says: a shard, how many there are of which the scheduler says the number, or that nothing is divided. */
export type ShardFlag = Shard | { of: number } | 'none';

export function addShardOption(command: Command): Command {
  return command.option(
    '--shard <k/n>',
    'the k-th of n shards, such as 3/16; array/16: the one that the index of the job array says; none: all, also in an array ' +
      '(default: in an array, what it says)',
    toShard,
  );
}

function toShard(text: string): ShardFlag {
  if (text === 'none') return text;
  const [, number = '', count = ''] = /^(\d+|array)\/(\d+)$/.exec(text) ?? [];
  const of = Number(count);
  if (number === 'array' && of >= 1) return { of };
  if (of >= 1 && Number(number) >= 1 && Number(number) <= of) return { number: Number(number), of };
  throw new InvalidArgumentError('Expected a shard and how many there are, from 1/16 to 16/16; array/16; or none.');
}

/** A shard, and a sentence on why it is this one. */
export interface ChosenShard {
  shard: Shard;
  said: string;
}

/**
 * The shard of a job that `out` is the meeting place of: the one that was named, else that of the job array that this process belongs to.
 *
 * @returns null where nothing is divided
 * @throws UsageError where an array does not say which shard of how many it is
 */
export function chooseShard(flag: ShardFlag | undefined, out: string, env: NodeJS.ProcessEnv): ChosenShard | null {
  if (flag === 'none') return null;
  if (flag && 'number' in flag) return { shard: flag, said: `Shard ${flag.number}/${flag.of}, as --shard says.` };
  const array = arrayJob(env);
  if (!array) {
    if (!flag) return null;
    throw new UsageError(
      `--shard array/${flag.of} takes the number of the shard from a job array, and this process is in none that it knows. Name the shard, such as --shard 1/${flag.of}.`,
    );
  }
  const { variable, index, base } = array;
  const begun = shardsBegun(out);
  const of = flag?.of ?? begun ?? array.count;
  if (of === null) {
    throw new UsageError(
      `${variable} says which job of an array this is, but not of how many that are numbered from ${base} on. Say how many with --shard ` +
        'array/16, name the shard with --shard 3/16, or let this one do everything with --shard none.',
    );
  }
  const number = index - base + 1;
  if (number < 1 || number > of) {
    throw new UsageError(
      `${variable} is no index of ${of} shards; expected ${base} to ${base + of - 1}. Number the array so, name the shard with --shard, or ` +
        'let this one do everything with --shard none.',
    );
  }
  const source = flag ? 'as --shard says' : begun === null ? 'as the array has' : `as ${out} was begun with`;
  return {
    shard: { number, of },
    said: `Shard ${number}/${of}: its number by ${variable}, of ${of} ${source}. --shard none would do everything.`,
  };
}

/** The same where everything is one shard unless it is divided. */
export function shardOrWhole(flag: ShardFlag | undefined, out: string, env: NodeJS.ProcessEnv): ChosenShard {
  return chooseShard(flag, out, env) ?? { shard: WHOLE, said: 'Nothing is divided: this is the only shard.' };
}
