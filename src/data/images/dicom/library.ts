import type * as DicomParser from 'dicom-parser';
import { CyclopsError } from '../../../gpu/errors.ts';

/** Loaded when the first such image comes, as sharp is. @throws CyclopsError when it is not installed */
export async function loadParser(): Promise<typeof DicomParser> {
  const { default: parser } = await import('dicom-parser').catch(() => {
    throw notInstalled('dicom-parser');
  });
  return parser;
}

/** Likewise, for frames that are compressed by JPEG without loss. */
export async function loadLosslessJpeg(): Promise<typeof import('@cornerstonejs/jpeg-lossless-decoder-js')> {
  return import('@cornerstonejs/jpeg-lossless-decoder-js').catch(() => {
    throw notInstalled('@cornerstonejs/jpeg-lossless-decoder-js');
  });
}

function notInstalled(name: string): CyclopsError {
  return new CyclopsError(
    `DICOM files are read by the package ${name}, which is not installed. Install it: npm install ${name}.`,
  );
}
