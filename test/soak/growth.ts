/** Memory at a moment. */
export interface Sample {
  seconds: number;
  /** What is in use. */
  mebibytes: number;
  /** With what the heap keeps of what was freed. */
  resident: number;
  /** How often it was done so far. */
  done: number;
}

/** A line through the samples of the last half, by least squares, and the standard error of its slope. */
export function growth(samples: readonly Sample[]): { perHour: number; error: number; perTime: number } {
  const half = samples.slice(Math.floor(samples.length / 2));
  const hours = lineThrough(half.map(({ seconds, mebibytes }) => [seconds / 3600, mebibytes]));
  const times = lineThrough(half.map(({ done, mebibytes }) => [done, mebibytes]));
  return { perHour: hours.slope, error: hours.error, perTime: times.slope };
}

function lineThrough(points: readonly (readonly [number, number])[]): { slope: number; error: number } {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  if (points.length < 3 || spread === 0) return { slope: 0, error: Number.POSITIVE_INFINITY };
  const slope = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
  const rest = points.reduce((sum, [at, value]) => sum + (value - y - slope * (at - x)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread) };
}
