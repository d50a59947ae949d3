/** The losses of one training step, by name. */
interface LossPoint {
  step: number;
  losses: Record<string, number>;
}

/** One loss over training, in stretches of steps: their middles, means, lowest and highest values. */
export interface LossCurve {
  name: string;
  steps: number[];
  mean: number[];
  low: number[];
  high: number[];
}

/** More would not show. */
const STRETCHES = 120;

/** A curve for each loss, in the order in which training names them. Values that are not finite are left out. */
export function lossCurves(points: readonly LossPoint[]): LossCurve[] {
  const names = [...new Set(points.flatMap((point) => Object.keys(point.losses)))];
  return names.map((name) => {
    const values = points.flatMap(({ step, losses }) => {
      const loss = losses[name];
      return loss !== undefined && Number.isFinite(loss) ? [{ step, loss }] : [];
    });
    const length = Math.max(1, Math.ceil(values.length / STRETCHES));
    const curve: LossCurve = { name, steps: [], mean: [], low: [], high: [] };
    for (let start = 0; start < values.length; start += length) {
      const part = values.slice(start, start + length);
      const losses = part.map((value) => value.loss);
      curve.steps.push(part.reduce((sum, value) => sum + value.step, 0) / part.length);
      curve.mean.push(losses.reduce((sum, loss) => sum + loss, 0) / part.length);
      curve.low.push(Math.min(...losses));
      curve.high.push(Math.max(...losses));
    }
    return curve;
  });
}
