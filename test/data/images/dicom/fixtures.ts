import { readFileSync } from 'node:fs';
import { readStored } from '../../../../src/data/images/read-stored.ts';

/** Of the made pictures among the fixtures. */
export const [WIDTH, HEIGHT] = [13, 11];

/** Samples as the fixtures have them, pixel by pixel. */
export function made(sample: (x: number, y: number, channel: number) => number, channels = 1): number[] {
  return Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return sample(pixel % WIDTH, Math.floor(pixel / WIDTH), i % channels);
  });
}

/** Those that compress badly, over all that some bits can hold. */
export function rough(bits: number, { isSigned = false, channels = 1 } = {}): number[] {
  const least = isSigned ? -(2 ** (bits - 1)) : 0;
  return made((x, y, channel) => ((x * 977 + y * 3571 + x * y * 131 + channel * 1709) % 2 ** bits) + least, channels);
}

/** Black and white of 12 bits side by side, and a row between them. */
export const EDGES = made((x, y) => (y === 5 ? 300 * x : (x + y) % 7 < 3 ? 4095 : 0));

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}

/** What a file stores. */
export async function storedIn(file: Buffer): Promise<number[]> {
  const { samples } = await readStored(file, 'a.dcm', { oriented: true, asStored: true });
  return Array.from(samples);
}

export function mostApart(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}

/** How the data of JPEG 2000 begins, and that of the others of its family. */
const [CODESTREAM, JPEG] = [Buffer.of(0xff, 0x4f, 0xff, 0x51), Buffer.of(0xff, 0xd8, 0xff)];

/** A file whose one fragment of pixels is changed, padded to an even number of bytes. */
export function withFrame(file: Buffer, change: (frame: Buffer) => Buffer): Buffer {
  const from = Math.max(file.indexOf(CODESTREAM), file.indexOf(JPEG));
  const length = file.readUInt32LE(from - 4);
  const changed = change(Buffer.from(file.subarray(from, from + length)));
  const padded = Buffer.concat([changed, Buffer.alloc(changed.length % 2)]);
  const head = Buffer.from(file.subarray(0, from));
  head.writeUInt32LE(padded.length, from - 4);
  return Buffer.concat([head, padded, file.subarray(from + length)]);
}

/** A file that says another number of 16 bits of its image, such as its rows. @param tag its second half, in the group 0028 */
export function saying(file: Buffer, tag: number, value: number): Buffer {
  const changed = Buffer.from(file);
  changed.writeUInt16LE(value, changed.indexOf(Buffer.of(0x28, 0, tag & 255, tag >> 8, 0x55, 0x53)) + 8);
  return changed;
}
