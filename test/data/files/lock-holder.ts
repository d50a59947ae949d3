/** Holds the lock whose path is the first argument until it is killed, or for the time in the second; ends by the third, if it is given. */
import { setTimeout as sleep } from 'node:timers/promises';
import { whileLocked } from '../../../src/data/files/lock.ts';

const [path = '', milliseconds = '60000', end] = process.argv.slice(2);
try {
  await whileLocked({ path, what: 'The thing', onStale: (warning) => console.log(warning) }, async () => {
    console.log('held');
    await sleep(Number(milliseconds));
    if (end === 'exit') process.exit(130);
    if (end === 'throw') throw new Error('work failed');
  });
  console.log('done');
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
