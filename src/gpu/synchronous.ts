import { requireFunction } from './arguments.ts';
import { CyclopsError } from './errors.ts';

/**
 * Runs a body that must have done everything when it returns.
 *
 * @param operation who runs it, for the message
 * @throws CyclopsError when it is no function or returns a promise: the rest of an async body would run after the operation has ended
 */
export function runSynchronously<T>(operation: string, body: () => T): T {
  requireFunction(operation, body);
  const result = body();
  if (!isThenable(result)) return result;
  // What becomes of the rest is nobody's concern any more.
  result.then(undefined, () => {});
  throw new CyclopsError(
    `The body of ${operation} returned a promise, but ${operation} ends when its body returns: do the awaiting before or after it.`,
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
