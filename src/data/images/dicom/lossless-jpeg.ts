import { ADVICE } from './announced.ts';
import type { Description } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { loadLosslessJpeg } from './library.ts';
import { segmentsOf } from './segments.ts';

/**
 * Decodes gray that JPEG has compressed without loss (T.81, H). What the library would decode wrongly is refused: the mean of both neighbours
 * as prediction, rows that restart by any prediction but the pixel on the left, and samples that lack their lowest bits.
 */
export async function readLosslessJpeg(
  frame: Uint8Array,
  { width, height, channels, bitsAllocated }: Pick<Description, 'width' | 'height' | 'channels' | 'bitsAllocated'>,
  source: string,
): Promise<Uint8Array | Uint16Array> {
  if (channels !== 1) throw foreignDicom(source, 'its colours are compressed as JPEG without loss', ADVICE);
  const announced = announcedBy(frame);
  if (announced === null) throw damagedDicom(source, 'its JPEG data is cut off or damaged');
  if (announced.width !== width || announced.height !== height)
    throw damagedDicom(
      source,
      `it announces ${width} × ${height} pixels, and its JPEG data ${announced.width} × ${announced.height}`,
    );
  const { prediction, lost, restarts, plain } = announced;
  if (prediction === MEAN || lost > 0 || (restarts && prediction !== LEFT)) {
    const kind =
      lost > 0
        ? `without their lowest ${lost} bits`
        : `by prediction ${prediction}${restarts ? ', with restarts' : ''}`;
    throw foreignDicom(source, `its pixels are compressed as JPEG ${kind}`, ADVICE);
  }
  // A sample takes a bit at least.
  if (8 * frame.length >= width * height) {
    const { Decoder } = await loadLosslessJpeg();
    const decoder = new Decoder();
    try {
      const samples = decoder.decode(plain.buffer as ArrayBuffer, plain.byteOffset, plain.length, bitsAllocated / 8);
      // It stops where data ends early.
      if (decoder.yLoc === height) return samples;
    } catch {
      // What it throws speaks of its own parts.
    }
  }
  throw damagedDicom(source, 'its JPEG data is cut off or damaged');
}

/** Predictions: by the pixel on the left, and by the mean of that and the one above. */
const [LEFT, MEAN] = [1, 7];

const [FRAME, RESTART_INTERVAL, SCAN, END] = [0xffc3, 0xffdd, 0xffda, 0xd9];

interface Announced {
  width: number;
  height: number;
  prediction: number;
  /** Lowest bits that samples lack. */
  lost: number;
  /** Whether decoding begins anew every some samples. */
  restarts: boolean;
  /** The data without what may fill up in front of a marker, which the library does not expect. */
  plain: Uint8Array;
}

/** What the segments in front of the one scan say; null where one is missing, or the data does not end behind the scan. */
function announcedBy(frame: Uint8Array): Announced | null {
  const file = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  const found: Announced = { width: 0, height: 0, prediction: 0, lost: 0, restarts: false, plain: frame };
  const segments = [file.subarray(0, 2)];
  for (const { marker, at, content } of segmentsOf(file)) {
    if (marker === FRAME && content.length >= 5)
      [found.height, found.width] = [content.readUInt16BE(1), content.readUInt16BE(3)];
    if (marker === RESTART_INTERVAL && content.length >= 2) found.restarts = content.readUInt16BE(0) > 0;
    if (marker === SCAN) {
      found.prediction = content.at(-3) ?? 0;
      found.lost = (content.at(-1) ?? 0) & 15;
      found.plain = Buffer.concat([...segments, file.subarray(at)]);
      return endOfScan(file, at + 4 + content.length) === END ? found : null;
    }
    segments.push(file.subarray(at, at + 4 + content.length));
  }
  return null;
}

/** The marker behind the data of a scan, in which 255 is followed by 0 or by the number of a restart. */
function endOfScan(file: Buffer, from: number): number | undefined {
  for (let at = file.indexOf(0xff, from); at >= 0; at = file.indexOf(0xff, at + 1)) {
    const marker = file[at + 1] ?? 0;
    if (marker !== 0 && marker !== 0xff && (marker < 0xd0 || marker > 0xd7)) return marker;
  }
  return undefined;
}
