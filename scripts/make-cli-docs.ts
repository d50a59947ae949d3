/**
 * Writes docs/cli.md: what every command says of itself when it is asked with --help.
 *
 * Usage: tsx scripts/make-cli-docs.ts [file]
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [file = 'docs/cli.md'] = process.argv.slice(2);

/** A command, by the words that follow `cyclops`. */
interface Page {
  words: string[];
  help: string;
}

/**
 * What commands say of themselves. In a process of its own, whose output is no terminal: its width must not decide
 * where lines break.
 */
function helpOf(commands: readonly string[][]): Page[] {
  const args = ['--import', 'tsx', 'scripts/print-help.ts', ...commands.map((words) => words.join(' '))];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The help could not be printed: ${stderr}`);
  const texts = stdout.split('\f');
  return commands.map((words, i) => ({ words, help: texts[i]?.trim() ?? '' }));
}

/** The commands that a help text lists: one a line, indented by two, and its description further to the right. */
function commandsIn({ words, help }: Page): string[][] {
  const list = help.split(/^Commands:$/m)[1] ?? '';
  const names = [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = '']) => name);
  return names.filter((name) => name !== 'help').map((name) => [...words, name]);
}

/** These commands and those below them, each above its own. */
function pagesOf(commands: readonly string[][]): Page[] {
  if (commands.length === 0) return [];
  const pages = helpOf(commands);
  const below = pagesOf(pages.flatMap(commandsIn));
  return pages.flatMap((page) => [page, ...below.filter((one) => isBelow(one, page))]);
}

const isBelow = (page: Page, above: Page): boolean =>
  page.words.length > above.words.length && above.words.every((word, i) => word === page.words[i]);

const titleOf = ({ words }: Page): string => ['cyclops', ...words].join(' ');

const linkTo = (page: Page): string => `[\`${titleOf(page)}\`](#${titleOf(page).replaceAll(' ', '-')})`;

const section = (page: Page): string => `## ${titleOf(page)}\n\n\`\`\`text\n${page.help}\n\`\`\`\n`;

const pages = pagesOf([[]]);
const text = `# The command line

<!-- Made by npm run docs:cli from the commands' own help. Do not edit it by hand. -->

In a clone, write \`npm run cyclops -- COMMAND\`; where the package is installed, \`npx cyclops COMMAND\`.
Options may also be written with underscores, as the reference CycleGAN does: \`--pool_size\` is \`--pool-size\`.

Results go to standard output. Progress, warnings and errors go to standard error. Where a reader such as \`head\` has enough,
printing stops; the work and the exit code go on.

A file that is there is written over only where the same option wrote it: never an image, a model, a file of a run or
anything else. It stays as it is until the new one is complete; only the table of \`score --csv\` grows line by line, from
the first result on. What is no file, such as a pipe or \`/dev/stdout\`, is refused: what is printed can go there.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed, also where some files could not be read |
| 2 | wrong use of the command line |
| 3 | instead of 0, where an image was flagged and \`--fail-on-anomaly\` asked for this |
| 130 | stopped by Ctrl-C, SIGTERM, SIGHUP or SIGQUIT |

| environment variable | meaning |
| --- | --- |
| \`CYCLOPS_TUNE=off\` | the same as \`--no-tune\` |
| \`CYCLOPS_VARIANT\` | the same as \`--variant\`; several with commas between them |
| \`CYCLOPS_DEBUG=1\` | shows where a fault of the program happened |

${pages.map((page) => `- ${linkTo(page)}\n`).join('')}
${pages.map(section).join('\n')}`;
writeFileSync(file, text);
