import { CyclopsError } from '../../gpu/errors.ts';

/** Options that are wrong or do not fit together: nothing was begun. The command line's exit code for it is 2 instead of 1. */
export class UsageError extends CyclopsError {
  override name = 'UsageError';
}
