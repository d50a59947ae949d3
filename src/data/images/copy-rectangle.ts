import type { Pixels } from './decoded-image.ts';
import type { Size } from './level-memory.ts';

/** Values [height, width, channels], and the upper left corner of a rectangle in them. */
interface Corner {
  values: Pixels;
  width: number;
  x: number;
  y: number;
}

/** Copies a rectangle from one picture to another of as many channels. */
export function copyRectangle(from: Corner, to: Corner, { width, height }: Size, channels: number): void {
  for (let row = 0; row < height; row++) {
    const first = ((from.y + row) * from.width + from.x) * channels;
    const values = from.values.subarray(first, first + width * channels);
    to.values.set(values, ((to.y + row) * to.width + to.x) * channels);
  }
}
