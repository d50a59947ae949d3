import type { ShardDone } from '../workflow/shards/shard.ts';
import { commandLine } from './command-line.ts';
import { EXIT, wrap } from './failure.ts';

/** Says what a shard did, on standard error, and what to do when all are done. */
export function concludeShard({ own, names, isWhole }: ShardDone, out: string): void {
  const before = own.filter((name) => !names.includes(name));
  const done = [
    ...(before.length > 0 ? [`Done before: ${before.join(', ')}.`] : []),
    ...(isWhole && names.length > 0 ? [`Made: ${names.join(', ')}.`] : []),
    ...(own.length === 0 ? ['There are more shards than pieces, and none is left for this one.'] : []),
  ];
  const next = isWhole
    ? `When all shards are done: ${commandLine('cyclops', 'collect', out)}`
    : 'Stopped. The same command goes on from here.';
  process.stderr.write(`${wrap([...done, next].join(' '))}\n`);
  if (!isWhole) process.exitCode = EXIT.interrupted;
}
