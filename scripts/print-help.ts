/** Prints the help of commands, a form feed after each. Usage: tsx scripts/print-help.ts 'WORDS OF A COMMAND'… */
import { run } from '../src/cli/program.ts';

for (const words of process.argv.slice(2)) {
  await run([...words.split(' ').filter(Boolean), '--help']);
  process.stdout.write('\f');
}
