/** Bicubic resampling of one axis in float64: a stretched Keys kernel over the samples inside, normalised. */
function resampledLine(line: number[], outLength: number): number[] {
  const ratio = line.length / outLength;
  const stretch = Math.max(1, ratio);
  const a = -0.5;
  const kernel = (x: number) => {
    const d = Math.abs(x);
    if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
    return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
  };
  return Array.from({ length: outLength }, (_, o) => {
    const weights = line.map((_, i) => kernel((i + 0.5 - (o + 0.5) * ratio) / stretch));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return line.reduce((sum, sample, i) => sum + (sample * weights[i]!) / total, 0);
  });
}

interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** [height, width, channels] */
  readonly pixels: ArrayLike<number>;
}

/** The values of an image in another size, across first; each axis brings them to `least` and `most`. */
export function resizedBicubic(
  { width, height, channels, pixels }: Samples,
  outWidth: number,
  outHeight: number,
  [least, most]: readonly [number, number] = [0, 255],
): number[] {
  const line = (samples: number[], length: number) =>
    resampledLine(samples, length).map((value) => Math.min(most, Math.max(least, value)));
  const planes = Array.from({ length: channels }, (_, c) => {
    const rows = Array.from({ length: height }, (_, y) =>
      line(
        Array.from({ length: width }, (_, x) => pixels[(y * width + x) * channels + c]!),
        outWidth,
      ),
    );
    const columns = Array.from({ length: outWidth }, (_, x) =>
      line(
        rows.map((row) => row[x]!),
        outHeight,
      ),
    );
    return (x: number, y: number) => columns[x]![y]!;
  });
  const out: number[] = [];
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) for (const plane of planes) out.push(plane(x, y));
  }
  return out;
}
