/** The connected regions of a mask. */
interface Regions {
  /** For each pixel, row by row: 0 outside, else the number of its region, from 1. */
  readonly labels: Int32Array;
  /** How many pixels each region has; region k is at k − 1. */
  readonly areas: readonly number[];
}

/**
 * Pixels that touch along a side or at a corner (8-connectivity) form one region. Regions are numbered by the first of their
 * pixels, row by row.
 *
 * @param mask [height, width], not 0 inside
 */
export function connectedRegions(mask: Uint8Array, width: number, height: number): Regions {
  const labels = new Int32Array(mask.length);
  const areas: number[] = [];
  const waiting: number[] = [];
  const visit = (index: number) => {
    if (mask[index] === 0 || labels[index] !== 0) return;
    labels[index] = areas.length + 1;
    waiting.push(index);
  };
  for (let first = 0; first < mask.length; first++) {
    visit(first);
    let area = 0;
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      area += 1;
      const column = index % width;
      const row = (index - column) / width;
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) visit(y * width + x);
      }
    }
    if (area > 0) areas.push(area);
  }
  return { labels, areas };
}
