/** A second signal sooner than this is the same key press, delivered twice by a parent process. */
const SAME_PRESS_MILLISECONDS = 500;

/**
 * Turns Ctrl-C (and a polite kill) into a signal to stop; another one ends the process at once.
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
      process.exit(130);
    }
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  const release = () => {
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  };
  return { signal: controller.signal, release };
}
