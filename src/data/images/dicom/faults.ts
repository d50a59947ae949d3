import { CyclopsError } from '../../../gpu/errors.ts';

export function damagedDicom(source: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${source} is a damaged DICOM file, or one of a kind that is not read: ${reason}. ` +
      'Expected a complete image; copy or export the file again, or remove it.',
  );
}

/** @param kind what it is or has, as in "its colours are in a palette" */
export function foreignDicom(
  source: string,
  kind: string,
  advice = 'Export it as PNG or TIFF, of 16 bits where it has more than 8.',
): CyclopsError {
  return new CyclopsError(`${source} is a DICOM file of a kind that is not read: ${kind}. ${advice}`);
}
