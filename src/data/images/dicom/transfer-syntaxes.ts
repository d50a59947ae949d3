/** How pixels are written (PS3.6 A). */
export const [IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN] = ['1.2', '1.2.1', '1.2.1.99', '1.2.2'].map(ofDicom);
export const [RUN_LENGTHS, JPEG, JPEG_12] = ['1.2.5', '1.2.4.50', '1.2.4.51'].map(ofDicom);
/** With any prediction, and with that by the pixel on the left. */
export const [LOSSLESS, LOSSLESS_BY_LEFT] = ['1.2.4.57', '1.2.4.70'].map(ofDicom);
/** Without loss, and perhaps with some. */
export const [JPEG_LS, JPEG_LS_NEAR] = ['1.2.4.80', '1.2.4.81'].map(ofDicom);
export const [JPEG_2000, JPEG_2000_NEAR] = ['1.2.4.90', '1.2.4.91'].map(ofDicom);

function ofDicom(syntax: string): string {
  return `1.2.840.10008.${syntax}`;
}

/** Of those that are not read. */
const NAMES: readonly (readonly [begins: string, name: string])[] = [
  [ofDicom('1.2.4.5'), 'JPEG of a kind that is hardly used'],
  [ofDicom('1.2.4.9'), 'JPEG 2000 of a kind that is hardly used'],
  [ofDicom('1.2.4.10'), 'a film'],
  [ofDicom('1.2.4.11'), 'JPEG XL'],
  [ofDicom('1.2.4.20'), 'JPEG 2000 (HTJ2K)'],
];

/** The name of what compresses so, where it is known. */
export function nameOfUnread(syntax: string): string | undefined {
  return NAMES.find(([begins]) => syntax.startsWith(begins))?.[1];
}

export function isJpeg2000(syntax: string): boolean {
  return syntax === JPEG_2000 || syntax === JPEG_2000_NEAR;
}

export function isJpegLs(syntax: string): boolean {
  return syntax === JPEG_LS || syntax === JPEG_LS_NEAR;
}
