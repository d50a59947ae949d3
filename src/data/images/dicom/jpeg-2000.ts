import { ADVICE, checkAnnounced } from './announced.ts';
import { type Codestream, codestreamOf } from './codestream.ts';
import { decodeAnnounced } from './decode-announced.ts';
import type { Description } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { loadJpeg2000 } from './library.ts';

/** What the decoder needs for a sample: it has all of them twice as numbers of 32 bits, and copies. */
export const JPEG_2000_BYTES_EACH = 16;

/** Kinds of colours that JPEG 2000 makes of RGB, and of which its decoder makes RGB again. */
export const COLOURS_OF_RGB = ['YBR_RCT', 'YBR_ICT'];

/**
 * Decodes what JPEG 2000 has compressed (T.800). What the decoder would give wrongly is refused: a picture that does not begin at its corner,
 * samples of several sizes, those of 8 bits with a sign, and a tile that is missing.
 *
 * @returns the samples, pixel by pixel
 */
export async function readJpeg2000(
  frame: Uint8Array,
  description: Description,
  source: string,
): Promise<Uint8Array | Uint16Array> {
  const file = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  if (file.toString('latin1', 4, 8) === 'jP  ')
    throw foreignDicom(source, 'its pixels are a whole file of JPEG 2000 (JP2)', ADVICE);
  const codestream = codestreamOf(file);
  if (codestream === null) throw damagedDicom(source, 'its JPEG 2000 data is cut off or damaged');
  const foreign = foreignKind(codestream);
  if (foreign !== null) throw foreignDicom(source, `its JPEG 2000 data ${foreign}`, ADVICE);
  checkAnnounced(codestream, description, 'JPEG 2000', source);
  if (COLOURS_OF_RGB.includes(description.colours) && !codestream.isOfRgb)
    throw damagedDicom(
      source,
      `it says that its colours were made ${description.colours}, and its JPEG 2000 data does not`,
    );
  if (!codestream.isWhole) throw damagedDicom(source, 'its JPEG 2000 data lacks a part of the picture');
  const how = { name: 'JPEG 2000', bytesEach: JPEG_2000_BYTES_EACH, source };
  return (await decodeAnnounced(await loadJpeg2000(), frame, codestream, description, how)).samples;
}

function foreignKind({ isAtCorner, isEven, isSigned, bits }: Codestream): string | null {
  if (!isAtCorner) return 'does not begin at the corner of its picture';
  if (!isEven) return 'has channels of several sizes';
  return isSigned && bits <= 8 ? `has samples of ${bits} bits with a sign` : null;
}
