import { mean } from './mean.ts';

/** Figures of several runs: mean, standard deviation (of a sample; null for one run), and each run's own. NaN where a run has none. */
export function meanAndDeviation(figures: readonly (number | null | undefined)[]): {
  mean: number;
  sd: number | null;
  values: number[];
} {
  const values = figures.map((figure) => figure ?? Number.NaN);
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return { mean: centre, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null, values };
}
