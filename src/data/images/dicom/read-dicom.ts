import { readBytes } from '../../files/read.ts';
import { checkBytes, checkSize, decodedBytes } from '../limits.ts';
import type { ImageHeader, ReadOptions, StoredImage } from '../stored-image.ts';
import { COLOURS, toRgb } from './colours.ts';
import { type Description, describe, isGray } from './description.ts';
import { foreignDicom } from './faults.ts';
import { decoderBytes, readFrame } from './frame.ts';
import { COLOURS_OF_RGB } from './jpeg-2000.ts';
import { shownLevels } from './shown.ts';
import { isJpeg2000 } from './transfer-syntaxes.ts';

/**
 * Reads the one image of a DICOM file as a viewer first shows it: rescaled, through the first window or table that the file has, 1 of
 * MONOCHROME1 black. Gray of more than 8 bits becomes floats from 0 to 1, all else whole numbers of 8 bits.
 *
 * @param source for messages @throws CyclopsError for a damaged file, one of several frames, and of a kind that is not read
 */
export async function readDicom(
  bytes: Uint8Array,
  source: string,
  { take, asStored = false }: ReadOptions,
): Promise<StoredImage> {
  const { description, data, pixels } = await describe(bytes, source);
  const header = headerOf(description, source);
  checkSize(source, header.width, header.height);
  checkBytes(source, header);
  await take?.(2 * decodedBytes(header) + decoderBytes(description));
  const frame = await readFrame(data, pixels, description, source);
  const { width, height, channels } = description;
  if (channels === 3) return { width, height, channels, samples: toRgb(frame, description) };
  if (asStored) return { width, height, channels, samples: storedValues(frame.samples, description) };
  const samples = toGray(frame.samples, description);
  // 8 bits without a window are as those of any other file.
  const window = header.bits > 8 || description.shown ? { window: windowText(description) } : {};
  return { width, height, channels, samples, ...window };
}

/** What the header of a DICOM file says. @param head its first bytes @throws CyclopsError likewise */
export async function dicomHeader(head: Uint8Array, path: string): Promise<ImageHeader> {
  // What stands in front of the size may be longer than the part that was read, as tables and the notes of a machine are.
  const { description } = await describe(head, path).catch(() => describe(readBytes(path), path));
  return headerOf(description, path);
}

function headerOf(description: Description, source: string) {
  const { width, height, channels, bits, colours, bitsAllocated } = description;
  const known = isJpeg2000(description.transferSyntax) ? [...COLOURS, ...COLOURS_OF_RGB] : COLOURS;
  if (!isGray(colours) && (!known.includes(colours) || bitsAllocated !== 8))
    throw foreignDicom(source, `its colours are ${colours || 'of no kind'}, of ${bitsAllocated} bits`);
  return { width, height, channels, bits: bits > 8 ? 32 : 8, format: 'DICOM' } as const;
}

/** What stands for a value in a sample, whose other bits may hold something else. */
function valueIn({ bits, highBit, isSigned }: Description): (sample: number) => number {
  const [shift, mask, sign] = [highBit + 1 - bits, 2 ** bits - 1, isSigned ? 2 ** (bits - 1) : 2 ** bits];
  return (sample) => {
    const value = (sample >> shift) & mask;
    return value >= sign ? value - 2 ** bits : value;
  };
}

/** Values as they are; of MONOCHROME1 so much less than the greatest, since the least is white. */
function storedValues(stored: Uint8Array | Uint16Array, description: Description): Float32Array {
  const values = Float32Array.from(stored, valueIn(description));
  if (description.colours === 'MONOCHROME2') return values;
  const greatest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return values.map((value) => greatest - value);
}

function toGray(stored: Uint8Array | Uint16Array, description: Description): Uint8Array | Float32Array {
  const value = valueIn(description);
  const { least, levels } = shownLevels(description);
  const isDeep = description.bits > 8;
  const found = isDeep ? levels : Uint8Array.from(levels, (level) => Math.round(255 * level));
  const samples = isDeep ? new Float32Array(stored.length) : new Uint8Array(stored.length);
  for (let i = 0; i < samples.length; i++) samples[i] = found[value(stored[i] ?? 0) - least] ?? 0;
  return samples;
}

function windowText({ shown, bits }: Description): string {
  if (shown === null) return `all that ${bits} bits can hold`;
  return 'values' in shown ? 'a table' : `centre ${shown.centre}, width ${shown.width}`;
}
