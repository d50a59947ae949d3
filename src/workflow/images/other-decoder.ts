import { PREPROCESSING, type TrainingConfig } from '../../cyclegan/config.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import { isJpegFile } from '../../data/images/read-stored.ts';
import type { Listener } from '../common/listener.ts';

/** Says where a model was trained when files became images in another way, and that this matters for some of these. */
export function warnOfOtherDecoder(
  config: Pick<TrainingConfig, 'preprocessing'>,
  refs: readonly ImageRef[],
  onWarning: Listener['onWarning'],
): void {
  if (!isOlder(config)) return;
  const jpegs = refs.filter(({ path }) => isJpegFile(path)).length;
  if (jpegs > 0) onWarning?.(warning(`for ${jpegs} of ${refs.length} images`));
}

/** The same of files that come one after another: what it returns is to be told of each, and says it once. */
export function otherDecoderWatch(
  config: Pick<TrainingConfig, 'preprocessing'>,
  onWarning: Listener['onWarning'],
): (isJpeg: () => boolean) => void {
  let isOver = !isOlder(config);
  return (isJpeg) => {
    if (isOver || !isJpeg()) return;
    isOver = true;
    onWarning?.(warning('for such images'));
  };
}

function isOlder({ preprocessing }: Pick<TrainingConfig, 'preprocessing'>): boolean {
  return preprocessing < PREPROCESSING;
}

function warning(where: string): string {
  return (
    'The model was trained when JPEG files were read by another decoder, which smeared colours and left Exif orientation aside: ' +
    `${where} the networks see a little else than they learned from. Train anew to have one way of reading.`
  );
}
