import type { DataSet, Element } from 'dicom-parser';
import { readBySharp } from '../sharp.ts';
import type { Description } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { COLOURS_OF_RGB, JPEG_2000_BYTES_EACH, readJpeg2000 } from './jpeg-2000.ts';
import { JPEG_LS_BYTES_EACH, readJpegLs } from './jpeg-ls.ts';
import { loadParser } from './library.ts';
import { readLosslessJpeg } from './lossless-jpeg.ts';
import { undoRunLengths } from './run-lengths.ts';
import {
  BIG_ENDIAN,
  DEFLATED,
  EXPLICIT,
  IMPLICIT,
  isJpeg2000,
  isJpegLs,
  JPEG,
  JPEG_12,
  JPEG_2000,
  JPEG_2000_NEAR,
  JPEG_LS,
  JPEG_LS_NEAR,
  LOSSLESS,
  LOSSLESS_BY_LEFT,
  nameOfUnread,
  RUN_LENGTHS,
} from './transfer-syntaxes.ts';

/** The samples of an image as they are stored, of 8 or 16 bits each without a sign, and whether colours lie in planes. */
export interface Frame {
  samples: Uint8Array | Uint16Array;
  isPlanar: boolean;
  /** Whether colours are RGB, whatever the file has. */
  isRgb: boolean;
}

/** What a decoder takes besides the samples that come of it. */
export function decoderBytes({ width, height, channels, transferSyntax }: Description): number {
  const count = width * height * channels;
  if (isJpegLs(transferSyntax)) return JPEG_LS_BYTES_EACH * count;
  return isJpeg2000(transferSyntax) ? JPEG_2000_BYTES_EACH * count : 0;
}

/** Reads the samples of the one image. @throws CyclopsError for what is damaged, or compressed otherwise */
export async function readFrame(
  data: DataSet,
  pixels: Element,
  description: Description,
  source: string,
): Promise<Frame> {
  const { width, height, channels, transferSyntax, isPlanar } = description;
  switch (transferSyntax) {
    case IMPLICIT:
    case EXPLICIT:
    case DEFLATED:
    case BIG_ENDIAN: {
      if (pixels.hadUndefinedLength)
        throw damagedDicom(source, 'its pixels lie in pieces, as those that are compressed do');
      const bytes = data.byteArray.subarray(pixels.dataOffset, pixels.dataOffset + pixels.length);
      const isInWords = transferSyntax === BIG_ENDIAN && (pixels.vr === 'OW' || description.bitsAllocated === 16);
      return {
        samples: nativeSamples(isInWords ? swapped(bytes) : bytes, description, source),
        isPlanar,
        isRgb: false,
      };
    }
    case RUN_LENGTHS: {
      const bytes = undoRunLengths(
        await compressed(data, pixels, source),
        width * height,
        description.bitsAllocated / 8,
        channels,
      );
      if (bytes === null) throw damagedDicom(source, 'its run lengths do not give as many samples as it announces');
      return { samples: nativeSamples(bytes, description, source), isPlanar: true, isRgb: false };
    }
    case JPEG:
    case JPEG_12:
      return readJpeg(await compressed(data, pixels, source), description, source);
    case LOSSLESS:
    case LOSSLESS_BY_LEFT:
      return {
        samples: await readLosslessJpeg(await compressed(data, pixels, source), description, source),
        isPlanar: false,
        isRgb: false,
      };
    case JPEG_LS:
    case JPEG_LS_NEAR:
      return { ...(await readJpegLs(await compressed(data, pixels, source), description, source)), isRgb: false };
    case JPEG_2000:
    case JPEG_2000_NEAR:
      return {
        samples: await readJpeg2000(await compressed(data, pixels, source), description, source),
        isPlanar: false,
        isRgb: COLOURS_OF_RGB.includes(description.colours),
      };
    default: {
      const name = nameOfUnread(transferSyntax);
      throw foreignDicom(
        source,
        name ? `its pixels are compressed as ${name}` : `its transfer syntax is ${transferSyntax || 'not told'}`,
        'Decompress it (gdcmconv --raw), or export it as PNG or TIFF, of 16 bits where it has more than 8.',
      );
    }
  }
}

/** A frame may lie in many pieces. @throws CyclopsError where there is none */
async function compressed(data: DataSet, pixels: Element, source: string): Promise<Uint8Array> {
  const { ByteStream, findEndOfEncapsulatedElement, readEncapsulatedPixelDataFromFragments } = await loadParser();
  try {
    const { byteArray, byteArrayParser } = data;
    findEndOfEncapsulatedElement(new ByteStream(byteArrayParser, byteArray, pixels.dataOffset), pixels);
    return readEncapsulatedPixelDataFromFragments(data, pixels, 0, pixels.fragments?.length);
  } catch {
    throw damagedDicom(source, 'its pixels do not lie in pieces, as those that are compressed do, or one is cut off');
  }
}

/** The two bytes of each word exchanged. */
function swapped(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2))).swap16();
}

function nativeSamples(bytes: Uint8Array, description: Description, source: string): Frame['samples'] {
  const { width, height, channels, bitsAllocated, colours, transferSyntax } = description;
  // Of two neighbours both brightnesses and one colour stand there.
  const each = colours === 'YBR_FULL_422' && transferSyntax !== RUN_LENGTHS ? 2 : channels;
  const count = width * height * each;
  const needed = (count * bitsAllocated) / 8;
  if (bytes.length < needed)
    throw damagedDicom(source, `its ${width} × ${height} pixels need ${needed} bytes, and it holds ${bytes.length}`);
  // A copy, since words have to begin at even bytes.
  const stored = new Uint8Array(bytes.subarray(0, needed));
  if (bitsAllocated === 8) return stored;
  return new Uint16Array(stored.buffer);
}

async function readJpeg(frame: Uint8Array, description: Description, source: string): Promise<Frame> {
  const { width, height, channels, bitsAllocated, colours } = description;
  if (bitsAllocated !== 8)
    throw foreignDicom(source, 'its pixels are compressed as JPEG of 12 bits', 'Decompress it (gdcmconv --raw).');
  if (colours === 'RGB')
    throw foreignDicom(source, 'its pixels are compressed as JPEG of RGB', 'Decompress it (gdcmconv --raw).');
  const image = await readBySharp(frame, 'JPEG', source, { oriented: false });
  if (
    image.width !== width ||
    image.height !== height ||
    image.channels !== channels ||
    !(image.samples instanceof Uint8Array)
  )
    throw damagedDicom(source, `it announces ${width} × ${height} pixels, and holds ${image.width} × ${image.height}`);
  return { samples: image.samples, isPlanar: false, isRgb: true };
}
