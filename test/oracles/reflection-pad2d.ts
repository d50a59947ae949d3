export type Pad = [left: number, right: number, top: number, bottom: number];

/** For each element of the padded image, which element of x [n, h, w, c] it shows. */
export function reflectionSources([n, h, w, c]: [number, number, number, number], pad: Pad): number[] {
  const [left, right, top, bottom] = pad;
  // Walks 0 1 … size−1 … 1 0 1 …, the reflected line, from −before to size + after − 1.
  const line = (size: number, before: number, after: number) =>
    Array.from({ length: before + size + after }, (_, i) => {
      const t = Math.abs(i - before) % Math.max(2 * (size - 1), 1);
      return t < size ? t : 2 * (size - 1) - t;
    });
  const sources: number[] = [];
  for (let image = 0; image < n; image++)
    for (const y of line(h, top, bottom))
      for (const x of line(w, left, right))
        for (let channel = 0; channel < c; channel++) sources.push(((image * h + y) * w + x) * c + channel);
  return sources;
}
