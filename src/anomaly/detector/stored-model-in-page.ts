/** What stands for reading models of paths in a bundle for pages. */
import { CyclopsError } from '../../gpu/errors.ts';
import type { Model } from './model-file.ts';

export function readModel(path: string): Model {
  throw new CyclopsError(
    `A page reads no files of paths, and the model is ${path}. Fetch it, and give its bytes in a Uint8Array.`,
  );
}
