/** Prints more than a pipe holds, then leaves a file and ends with code 3: a command line whose reader has gone. */
import { writeFileSync } from 'node:fs';
import { outliveReaders } from '../../src/cli/standard-streams.ts';

outliveReaders();
process.exitCode = 3;
for (let i = 0; i < 50; i++) {
  process.stdout.write(`${i} ${'x'.repeat(5000)}\n`);
  process.stderr.write(`said ${i}\n`);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
writeFileSync(process.argv[2] ?? '', 'done');
if (process.argv[3]) process.exitCode = Number(process.argv[3]);
