/**
 * A process for the test to kill: writes generation after generation of a folder of files that all hold the number of
 * their generation. With a second argument it kills itself in the middle of that generation.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeFolder, writeFolderAtomic } from '../../../src/data/files/atomic.ts';
import { FILE_COUNT, generationOf, VALUES } from './checkpoint-reader.ts';

const [folder = '', lastGeneration = 'none'] = process.argv.slice(2);
const start = completeFolder(folder) ? generationOf(folder) : 0;
for (let generation = start + 1; ; generation++) {
  writeFolderAtomic(folder, (temporary) => {
    for (let file = 0; file < FILE_COUNT; file++) {
      writeFileSync(join(temporary, `${file}.bin`), new Int32Array(VALUES).fill(generation));
      if (String(generation) === lastGeneration && file === 2) process.kill(process.pid, 'SIGKILL');
    }
  });
  process.stdout.write(`${generation}\n`);
}
