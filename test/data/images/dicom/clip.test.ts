import { expect, it } from 'vitest';
import { clip } from '../../../../src/data/images/dicom/clip.ts';
import type { Description } from '../../../../src/data/images/dicom/description.ts';

const stored: Description = {
  ...{ width: 4, height: 1, channels: 1, colours: 'MONOCHROME2', isPlanar: false },
  ...{ bitsAllocated: 16, bits: 12, highBit: 11, isSigned: false },
  ...{ rescale: { slope: 1, intercept: 0 }, shown: null, transferSyntax: '' },
};

function clipped(values: readonly number[], bits: number, description: Partial<Description> = {}): number[] {
  const samples = Uint16Array.from(values);
  clip(samples, bits, { ...stored, ...description });
  return Array.from(description.isSigned ? new Int16Array(samples.buffer) : samples);
}

it('samples beyond what counts are the nearest that does', () => {
  expect(clipped([0, 4095, 4096, 65535], 16)).toEqual([0, 4095, 4095, 4095]);
  expect(clipped([-2049, -1, 2047, 2048], 16, { isSigned: true })).toEqual([-2048, -1, 2047, 2047]);
  expect(clipped([0x3fff, 0x1fff], 14, { isSigned: true })).toEqual([-1, 2047]);
});

it('samples that hold no more than counts stay as they are', () => {
  expect(clipped([0, 4095, 5000], 12)).toEqual([0, 4095, 5000]);
  expect(clipped([0, 65535], 16, { highBit: 15 })).toEqual([0, 65535]);
});
