import { readBytes } from '../../files/read.ts';
import { checkBytes, checkSize, decodedBytes } from '../limits.ts';
import type { ImageHeader, ReadOptions, StoredImage } from '../stored-image.ts';
import { COLOURS, toRgb } from './colours.ts';
import { type Description, describe, isGray } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { readFrame } from './frame.ts';
import { shownLevels } from './shown.ts';

/**
 * Reads the one image of a DICOM file as a viewer first shows it: rescaled, through the first window or table that the file has, 1 of
 * MONOCHROME1 black. Gray of more than 8 bits becomes floats from 0 to 1, all else whole numbers of 8 bits.
 *
 * @param source for messages @throws CyclopsError for a damaged file, one of several frames, and of a kind that is not read
 */
export async function readDicom(bytes: Uint8Array, source: string, { take }: ReadOptions): Promise<StoredImage> {
  const { description, data, pixels } = await describe(bytes, source, true);
  const header = headerOf(description, source);
  checkSize(source, header.width, header.height);
  checkBytes(source, header);
  if (pixels === undefined) throw damagedDicom(source, 'it has no pixels');
  await take?.(2 * decodedBytes(header));
  const frame = await readFrame(data, pixels, description, source);
  const { width, height, channels } = description;
  if (channels === 3) return { width, height, channels, samples: toRgb(frame, description) };
  const window = windowText(description);
  return { width, height, channels, samples: toGray(frame.samples, description), ...(window && { window }) };
}

/** What the header of a DICOM file says. @param head its first bytes @throws CyclopsError likewise */
export async function dicomHeader(head: Uint8Array, path: string): Promise<ImageHeader> {
  // What stands in front of the size may be longer than the part that was read, as tables and the notes of a machine are.
  const { description } = await describe(head, path, false).catch(() => describe(readBytes(path), path, false));
  return headerOf(description, path);
}

function headerOf({ width, height, channels, bits, colours, bitsAllocated }: Description, source: string) {
  if (!isGray(colours) && (!COLOURS.includes(colours) || bitsAllocated !== 8))
    throw foreignDicom(source, `its colours are ${colours || 'of no kind'}, of ${bitsAllocated} bits`);
  return { width, height, channels, bits: bits > 8 ? 32 : 8, format: 'DICOM' } as const;
}

/** The highest bits of a sample may hold something else. */
function toGray(stored: Uint8Array | Uint16Array, description: Description): Uint8Array | Float32Array {
  const { bits, highBit, isSigned } = description;
  const { least, levels } = shownLevels(description);
  const [shift, mask, sign] = [highBit + 1 - bits, 2 ** bits - 1, isSigned ? 2 ** (bits - 1) : 0];
  const at = (sample: number) => {
    const value = (sample >> shift) & mask;
    return (value >= sign && isSigned ? value - 2 ** bits : value) - least;
  };
  const found = bits > 8 ? levels : Uint8Array.from(levels, (level) => Math.round(255 * level));
  const samples = bits > 8 ? new Float32Array(stored.length) : new Uint8Array(stored.length);
  for (let i = 0; i < samples.length; i++) samples[i] = found[at(stored[i] ?? 0)] ?? 0;
  return samples;
}

function windowText({ shown }: Description): string | null {
  if (shown === null) return null;
  return 'values' in shown ? 'a table' : `centre ${shown.centre}, width ${shown.width}`;
}
