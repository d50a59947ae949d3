import { fingerprint, hashFile } from '../../cyclegan/run/data-record.ts';
import { type Dataset, type ImageRef, LABELS, partOf } from '../../data/datasets/dataset.ts';
import { CyclopsError } from '../../gpu/errors.ts';

/**
 * The images of a data set on which a model can be evaluated: its test part where it has one, however it came about; else
 * every image that neither trained nor calibrated the model. Images are compared by content, so that renaming hides nothing: for that
 * each is read before the first is judged.
 *
 * @param seen fingerprints of the images that trained or calibrated it @throws CyclopsError when a class is empty
 */
export function imagesToJudge(dataset: Dataset, seen: readonly string[]): { judged: ImageRef[]; leftOut: number } {
  if (dataset.images.some(({ part }) => part)) return { judged: partOf(dataset, 'test'), leftOut: 0 };

  const trained = new Set(seen);
  const judged = dataset.images.filter((ref) => !trained.has(fingerprintOf(ref) ?? ''));
  for (const label of LABELS) {
    if (judged.some((ref) => ref.label === label)) continue;
    throw new CyclopsError(
      `Every ${label} image of ${dataset.root} trained or calibrated this run, so that none is left to evaluate on. Expected images it ` +
        'never saw; to judge training images all the same, name them in a test.txt.',
    );
  }
  return { judged, leftOut: dataset.images.length - judged.length };
}

/** Null for a file that cannot be read: whoever decodes it says why. */
function fingerprintOf({ path }: ImageRef): string | null {
  try {
    return fingerprint(hashFile(path));
  } catch (error) {
    if (!(error instanceof CyclopsError)) throw error;
    return null;
  }
}
