import { toChannels } from './channels.ts';
import type { DecodedImage } from './decoded-image.ts';

/** An image in means of cells of gray, row by row: about `columns` × `rows` equal ones, each of at least one pixel. Values from 0 to 255. */
export function cellMeans(image: DecodedImage, columns: number, rows: number): Float64Array {
  const { width, height, pixels } = toChannels(image, 1);
  const means = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = cell(row, rows, height);
    for (let column = 0; column < columns; column++) {
      const [left, right] = cell(column, columns, width);
      let total = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) total += pixels[y * width + x] ?? 0;
      means[row * columns + column] = total / ((right - left) * (bottom - top));
    }
  }
  return means;
}

/** Where a cell begins and ends; at least one pixel, also of images with fewer pixels than cells. */
function cell(index: number, cells: number, extent: number): [number, number] {
  const begin = Math.floor((index * extent) / cells);
  return [begin, Math.max(begin + 1, Math.floor(((index + 1) * extent) / cells))];
}
