import { EXIT } from './failure.ts';

/**
 * Lets work go on when nobody takes what is printed any more: a reader that stops early, such as `head`, is no fault, and a terminal that
 * was closed takes no messages. Nothing is printed from then on. Where standard output is lost for another reason, such as a full disk, that
 * is told once, and the exit code says so at the end.
 */
export function outliveReaders(): void {
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // What was printed before this came fails likewise.
    if (isLost) return;
    isLost = true;
    process.stdout.write = () => true;
    if (error.code === 'EPIPE') return;
    process.stderr.write(
      `Standard output cannot be written: ${error.message}. The work goes on. Free space there or send it elsewhere.\n`,
    );
    process.on('exit', () => {
      process.exitCode ||= EXIT.failed;
    });
  });
  // Messages that nobody reads must not stop the work.
  process.stderr.on('error', () => {});
}
