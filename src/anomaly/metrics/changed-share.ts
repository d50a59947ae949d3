import { mean } from './mean.ts';

/** Σ (x − y)² / Σ (x − mean x)²; an image of one colour has nothing that could be kept, so any change is the whole of it. */
export function changedShare(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const centre = mean(Array.from(x));
  let [changed, all] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    changed += ((x[i] ?? 0) - (y[i] ?? 0)) ** 2;
    all += ((x[i] ?? 0) - centre) ** 2;
  }
  if (all > 0) return changed / all;
  return changed > 0 ? 1 : 0;
}
