import { EXIT } from './failure.ts';

/** A second signal sooner than this is the same key press, delivered twice by a parent process. */
const SAME_PRESS_MILLISECONDS = 500;

/** Ctrl-C, a polite kill, a terminal that closes, and Ctrl-\. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Ends the process, with the code for this, on a signal that nobody catches then: Node itself would have another code for each. */
export function endOnInterrupt(): void {
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (process.listenerCount(name) === 1) process.exit(EXIT.interrupted);
    });
  }
}

/**
 * Turns Ctrl-C, a polite kill, the end of the terminal and Ctrl-\ into a signal to stop; another one ends the process at once.
 *
 * @param onFirst called when it came for the first time
 * @returns the signal, and how to give the keys back to Node
 */
export function catchInterrupt(onFirst: () => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let first = 0;
  const handler = () => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort();
      onFirst();
    } else if (performance.now() - first > SAME_PRESS_MILLISECONDS) {
      process.exit(EXIT.interrupted);
    }
  };
  for (const name of SIGNALS) process.on(name, handler);
  const release = () => {
    for (const name of SIGNALS) process.off(name, handler);
  };
  return { signal: controller.signal, release };
}
