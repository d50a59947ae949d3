import type { DataSet, Element } from 'dicom-parser';
import { CyclopsError } from '../../../gpu/errors.ts';
import { readBySharp } from '../sharp.ts';
import type { Description } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { loadLosslessJpeg, loadParser } from './library.ts';
import { undoRunLengths } from './run-lengths.ts';

/** The samples of an image as they are stored, of 8 or 16 bits each without a sign, and whether colours lie in planes. */
export interface Frame {
  samples: Uint8Array | Uint16Array;
  isPlanar: boolean;
  /** Whether colours are RGB, whatever the file has. */
  isRgb: boolean;
}

const [IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN] = ['1.2', '1.2.1', '1.2.1.99', '1.2.2'].map(ofDicom);
const [RUN_LENGTHS, JPEG, JPEG_12] = ['1.2.5', '1.2.4.50', '1.2.4.51'].map(ofDicom);
/** With any prediction, and with that by the pixel on the left. */
const [LOSSLESS, LOSSLESS_BY_LEFT] = ['1.2.4.57', '1.2.4.70'].map(ofDicom);

function ofDicom(syntax: string): string {
  return `1.2.840.10008.${syntax}`;
}

/** Of those that are not read. */
const NAMES: readonly (readonly [begins: string, name: string])[] = [
  [ofDicom('1.2.4.8'), 'JPEG-LS'],
  [ofDicom('1.2.4.9'), 'JPEG 2000'],
  [ofDicom('1.2.4.1'), 'a film'],
  [ofDicom('1.2.4.20'), 'JPEG 2000 (HTJ2K)'],
];

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
      const bytes = data.byteArray.subarray(pixels.dataOffset, pixels.dataOffset + pixels.length);
      return { samples: nativeSamples(bytes, description, source), isPlanar, isRgb: false };
    }
    case RUN_LENGTHS: {
      const bytes = undoRunLengths(
        await compressed(data, pixels),
        width * height,
        description.bitsAllocated / 8,
        channels,
      );
      if (bytes === null) throw damagedDicom(source, 'its run lengths do not give as many samples as it announces');
      return { samples: nativeSamples(bytes, description, source), isPlanar: true, isRgb: false };
    }
    case JPEG:
    case JPEG_12:
      return readJpeg(await compressed(data, pixels), description, source);
    case LOSSLESS:
    case LOSSLESS_BY_LEFT:
      return {
        samples: await readLosslessJpeg(await compressed(data, pixels), description, source),
        isPlanar: false,
        isRgb: false,
      };
    default: {
      const name = NAMES.find(([begins]) => transferSyntax.startsWith(begins))?.[1];
      throw foreignDicom(
        source,
        `its pixels are ${name ? `compressed as ${name}` : `written by the transfer syntax ${transferSyntax}`}`,
        'Decompress it (gdcmconv --raw), or export it as 16-bit PNG or TIFF, which keeps its depth.',
      );
    }
  }
}

/** A frame may lie in many pieces. */
async function compressed(data: DataSet, pixels: Element): Promise<Uint8Array> {
  const { readEncapsulatedPixelDataFromFragments } = await loadParser();
  return Uint8Array.from(readEncapsulatedPixelDataFromFragments(data, pixels, 0, pixels.fragments?.length));
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
  if (transferSyntax === BIG_ENDIAN) Buffer.from(stored.buffer).swap16();
  return new Uint16Array(stored.buffer);
}

async function readJpeg(frame: Uint8Array, description: Description, source: string): Promise<Frame> {
  const { width, height, channels, bitsAllocated, colours } = description;
  if (bitsAllocated !== 8)
    throw foreignDicom(source, 'its pixels are compressed as JPEG of 12 bits', 'Decompress it (gdcmconv --raw).');
  if (colours === 'RGB') throw foreignDicom(source, 'its pixels are compressed as JPEG of RGB');
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

async function readLosslessJpeg(
  frame: Uint8Array,
  { width, height, channels, bitsAllocated }: Description,
  source: string,
): Promise<Frame['samples']> {
  if (channels !== 1)
    throw foreignDicom(source, 'its colours are compressed as JPEG without loss', 'Decompress it (gdcmconv --raw).');
  const { Decoder } = await loadLosslessJpeg();
  const announced = losslessSize(frame);
  if (announced?.width !== width || announced.height !== height)
    throw damagedDicom(source, `it announces ${width} × ${height} pixels, and its JPEG data others`);
  try {
    const samples = new Decoder().decode(
      frame.buffer as ArrayBuffer,
      frame.byteOffset,
      frame.length,
      bitsAllocated / 8,
    );
    if (samples.length === width * height) return samples;
  } catch (error) {
    if (error instanceof CyclopsError) throw error;
  }
  throw damagedDicom(source, 'its JPEG data is damaged');
}

/** What JPEG data without loss says of its size, so that no memory is taken for more. */
function losslessSize(frame: Uint8Array): { width: number; height: number } | null {
  const file = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  for (let at = 2; at + 9 <= file.length && file[at] === 0xff; at += 2 + file.readUInt16BE(at + 2))
    if (file[at + 1] === START_OF_LOSSLESS_FRAME)
      return { height: file.readUInt16BE(at + 5), width: file.readUInt16BE(at + 7) };
  return null;
}

const START_OF_LOSSLESS_FRAME = 0xc3;
