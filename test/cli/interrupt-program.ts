/** Waits to be stopped, and ends with a code of its own when it was asked to politely; with `plain` it catches nothing. */
import { catchInterrupt, endOnInterrupt } from '../../src/cli/interrupt.ts';

endOnInterrupt();
const caught = process.argv[2] === 'plain' ? null : catchInterrupt(() => process.stdout.write('stopping\n'));
const waiting = setInterval(() => {
  if (!caught?.signal.aborted) return;
  clearInterval(waiting);
  caught.release();
  process.exitCode = 7;
}, 10);
process.stdout.write('ready\n');
