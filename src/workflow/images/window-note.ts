import type { Listener } from '../common/listener.ts';
import type { DecoderOptions } from './decode-images.ts';

/** Says once that files decide themselves which of their values are black and white. */
export function windowNote(onWarning: Listener['onWarning']): NonNullable<DecoderOptions['onDicomWindow']> {
  let isSaid = false;
  return ({ file }, window) => {
    if (isSaid) return;
    isSaid = true;
    onWarning?.(
      `DICOM images are taken as viewers first show them, each through its own window (${file}: ${window}): what lies outside is black or white.`,
    );
  };
}
