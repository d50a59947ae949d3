/** Waits to be stopped, and ends with a code of its own when it was asked to politely. */
import { catchInterrupt } from '../../src/cli/interrupt.ts';

const { signal, release } = catchInterrupt(() => process.stdout.write('stopping\n'));
const waiting = setInterval(() => {
  if (!signal.aborted) return;
  clearInterval(waiting);
  release();
  process.exitCode = 7;
}, 10);
process.stdout.write('ready\n');
