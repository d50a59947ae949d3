/**
 * An error meant for the person at the keyboard: one paragraph that says what was expected, what came and what to do.
 * The command line prints its message alone; any other error is a fault of ours and keeps its stack.
 */
export class CyclopsError extends Error {
  override name = 'CyclopsError';
}
