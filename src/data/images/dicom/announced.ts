import type { Description } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';

/** What compressed data says of its samples. */
export interface Announced {
  width: number;
  height: number;
  channels: number;
  bits: number;
  isSigned: boolean;
}

/** What to do with files that other programs read. */
export const ADVICE = 'Decompress it (gdcmconv --raw).';

/** Holds what compressed data says against what its file does, before memory is taken. @param name of the compression @throws CyclopsError where they disagree */
export function checkAnnounced(announced: Announced, description: Description, name: string, source: string): void {
  const { width, height, channels } = description;
  if (announced.width !== width || announced.height !== height || announced.channels !== channels)
    throw damagedDicom(
      source,
      `it announces ${width} × ${height} pixels of ${samplesText(channels)}, and its ${name} data ` +
        `${announced.width} × ${announced.height} of ${samplesText(announced.channels)}`,
    );
  if (!isAsStored(announced, description))
    throw foreignDicom(
      source,
      `it announces samples of ${bitsText(description)}, and its ${name} data ${bitsText(announced)}`,
      ADVICE,
    );
}

/** Whether decompressed samples are those that would be stored without compression: all bits that count are there, or what lacks above them is 0 or repeats the sign. */
function isAsStored({ bits, isSigned }: Announced, stored: Description): boolean {
  if (bits > stored.bitsAllocated || (isSigned && !stored.isSigned)) return false;
  return bits > stored.highBit || (stored.highBit === stored.bits - 1 && isSigned === stored.isSigned);
}

function samplesText(count: number): string {
  return count === 1 ? 'one sample' : `${count} samples`;
}

function bitsText({ bits, isSigned }: { bits: number; isSigned: boolean }): string {
  return `${bits} bits ${isSigned ? 'with' : 'without'} a sign`;
}
