/** What is disturbed: commands that write, and what stands in their folder when nothing disturbs them. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMALL } from '../cli/support.ts';

export interface Scenario {
  name: string;
  /** Makes what the commands need in a new folder. */
  prepare: (folder: string) => void;
  /** The commands, one after another. */
  commands: (folder: string) => string[][];
  /** What is given instead of a command that was cut off; the same again unless told otherwise. */
  again?: (command: string[], folder: string) => string[];
  /** How many of its operations may be cut off: of the first commands that alone. */
  disturbed: number;
}

const TRAIN = [...SMALL, '--steps', '4', '--no-tune', '--quiet'];

/** @param data the data folder @param run a finished run */
export function scenariosOn(data: string, run: string): Scenario[] {
  const copyRun = (folder: string) => cpSync(run, join(folder, 'run'), { recursive: true });
  const resumed = (command: string[], folder: string) =>
    isBegun(join(folder, 'run'))
      ? [...command.filter((word, i) => !inFolds(word, command[i - 1])), '--resume']
      : command;
  const into = (folder: string) => join(folder, 'run');
  const nothing = () => {};
  return [
    {
      ...{ name: 'train', prepare: nothing, disturbed: 1, again: resumed },
      commands: (folder) => [['train', data, '--out', into(folder), ...TRAIN]],
    },
    {
      ...{ name: 'train --folds', prepare: nothing, disturbed: 1, again: resumed },
      commands: (folder) => [['train', data, '--out', into(folder), '--folds', '2', ...TRAIN]],
    },
    {
      ...{ name: 'calibrate', prepare: copyRun, disturbed: 1 },
      commands: (folder) => [['calibrate', into(folder), '--rule', 'max-f1', '--no-tune', '--quiet']],
    },
    {
      ...{ name: 'evaluate --report', prepare: copyRun, disturbed: 1 },
      commands: (folder) => [
        ['evaluate', into(folder), data, '--report', join(folder, 'report.html'), '--no-tune', '--quiet'],
      ],
    },
    {
      ...{ name: 'score --csv', prepare: copyRun, disturbed: 1 },
      commands: (folder) => [
        [
          'score',
          into(folder),
          data,
          '--csv',
          join(folder, 'scores.csv'),
          '--heatmaps',
          join(folder, 'heat'),
          '--no-tune',
          '--quiet',
        ],
      ],
    },
    {
      ...{ name: 'shards of score', prepare: copyRun, disturbed: 3 },
      commands: (folder) => [
        ...['1/2', '2/2'].map((shard) => [
          ...['score', into(folder), data, '--out', join(folder, 'job'), '--shard', shard, '--no-tune', '--quiet'],
        ]),
        ['collect', join(folder, 'job'), '--csv', join(folder, 'scores.csv')],
      ],
    },
  ];
}

/** A run that goes on keeps its folds. */
function inFolds(word: string, before: string | undefined): boolean {
  return word === '--folds' || before === '--folds';
}

function isBegun(run: string): boolean {
  return ['checkpoint', 'checkpoint.old', 'fold-scores.json'].some((name) => existsSync(join(run, name)));
}

/** All files below a folder by name, without what the clock decides. */
export function contentOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [
          path.slice(folder.length + 1),
          timeless(readFileSync(path).toString('latin1').replaceAll(folder, ''), name),
        ] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A page shows when it was made in a way of its own; what it shows stands in its JSON too. */
function timeless(text: string, name: string): string {
  if (name.endsWith('.html')) return 'a page';
  return (
    text
      .replace(/\\?"(created|seconds|started|at)\\?": ?(\\?"[^"\\]*\\?"|[\d.e+-]+)/g, '$1')
      // The checksums of what says these.
      .replace(/\\"__metadata__\\":\\"[0-9a-f]{8}\\"/, '')
      .replace(/"(manifest|position)\.json": "[0-9a-f]{8}"/g, '')
  );
}

/** Names of files that are not alike, each with how. */
export function differences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const missing = [...expected.keys()].filter((name) => !found.has(name)).map((name) => `${name} is missing`);
  const surplus = [...found.keys()].filter((name) => !expected.has(name)).map((name) => `${name} is left`);
  const other = [...expected].filter(([name, text]) => found.has(name) && found.get(name) !== text);
  return [...missing, ...surplus, ...other.map(([name]) => `${name} differs`)];
}
