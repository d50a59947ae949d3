import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Size } from './level-memory.ts';
import type { Mask } from './mask.ts';

/** A mask in little memory: of one defect in a photograph some hundred bytes. */
export interface PackedMask extends Size, Pick<Mask, 'between'> {
  /** A bit for each pixel, deflated. */
  bits: Uint8Array;
}

export function packMask({ width, height, inside, between }: Mask): PackedMask {
  const bits = new Uint8Array(Math.ceil(inside.length / 8));
  inside.forEach((marked, pixel) => {
    if (marked === 1) bits[pixel >> 3] = (bits[pixel >> 3] ?? 0) | (1 << (pixel & 7));
  });
  // Copied, since what zlib gives lies in a buffer that is far larger.
  return { width, height, between, bits: new Uint8Array(deflateRawSync(bits)) };
}

export function unpackMask({ width, height, between, bits }: PackedMask): Mask {
  const unpacked = inflateRawSync(bits);
  const inside = new Uint8Array(width * height).map((_, pixel) => ((unpacked[pixel >> 3] ?? 0) >> (pixel & 7)) & 1);
  return { width, height, inside, between };
}
