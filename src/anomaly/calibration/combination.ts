import * as v from 'valibot';
import type { Label } from '../../data/datasets/dataset.ts';
import { byName, finite, object } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { mean } from '../metrics/mean.ts';

/**
 * A score that is made of others: bias + Σ weight · (score − mean) / sd. Weights, means and standard deviations stand under the names of
 * the scores.
 */
export interface Combination {
  weights: Record<string, number>;
  bias: number;
  /** Of the scores that it was fitted on. */
  means: Record<string, number>;
  /** Standard deviations; 1 for a score that did not vary, which then does not count. */
  sds: Record<string, number>;
}

/** @internal */
export const combinationSchema = v.pipe(
  object({
    weights: byName(finite()),
    bias: finite(),
    means: byName(finite()),
    sds: byName(v.pipe(finite(0), v.gtValue(0, 'a number above 0'))),
  }),
  v.check(
    ({ weights, means, sds }) => Object.keys(weights).every((name) => name in means && name in sds),
    'a mean and a standard deviation for each weight',
  ),
) satisfies v.GenericSchema<unknown, Combination>;

/**
 * Far more than Newton's method needs: the function is convex, and near its minimum each step about doubles the number of correct digits.
 */
const MOST_STEPS = 100;

/**
 * Fits a logistic regression on standardised scores: what it makes of them is the logarithm of the odds that an image is abnormal, in a set
 * with as many abnormal images as normal ones. It minimises Σ log(1 + e^(∓z)) + ½ penalty · |weights|², where z is the
 * combination of an image, and the sign is − for abnormal images and + for normal ones. Images are weighted so that both classes count
 * the same, however many images each has. Where the scores separate the classes completely, the weights would grow without end; the
 * penalty keeps them finite. The bias has no penalty. The same scores give the same bits.
 *
 * @param scores of each image, by name, all of the same names. @param labels of the images, in the same order
 * @param penalty 1/C of scikit-learn, whose class_weight='balanced' this is
 * @throws CyclopsError when a class is empty, or a score is missing or not finite
 */
export function fitCombination(
  scores: readonly Record<string, number>[],
  labels: readonly Label[],
  penalty: number,
): Combination {
  const targets = labels.map((label) => (label === 'abnormal' ? 1 : 0));
  const abnormal = targets.reduce<number>((sum, target) => sum + target, 0);
  if (scores.length !== labels.length || abnormal === 0 || abnormal === labels.length) {
    throw new CyclopsError(
      `A combination of scores is fitted on normal and abnormal images with a label each; got ${scores.length} images and ` +
        `labels of ${labels.length - abnormal} normal and ${abnormal} abnormal ones.`,
    );
  }
  const importance = targets.map((target) => labels.length / 2 / (target === 1 ? abnormal : labels.length - abnormal));
  const names = Object.keys(scores[0] ?? {});
  const columns = names.map((name) => scores.map((own, image) => requireFinite(own[name], name, `image ${image + 1}`)));
  const means = columns.map(mean);
  const sds = columns.map((column, j) => deviation(column, means[j] ?? 0));
  const rows = scores.map((_, i) => [
    ...columns.map((column, j) => ((column[i] ?? 0) - (means[j] ?? 0)) / (sds[j] ?? 1)),
    1,
  ]);
  const solution = minimise({ rows, targets, importance, penalty });
  const byName = (values: readonly number[]) => Object.fromEntries(names.map((name, j) => [name, values[j] ?? 0]));
  return { weights: byName(solution), bias: solution[names.length] ?? 0, means: byName(means), sds: byName(sds) };
}

/** The combined score of an image; higher means more abnormal. @throws CyclopsError when a score is missing or not finite */
export function combine({ weights, bias, means, sds }: Combination, scores: Readonly<Record<string, number>>): number {
  return Object.entries(weights).reduce((sum, [name, weight]) => {
    const score = requireFinite(scores[name], name, 'the image');
    return sum + (weight * (score - (means[name] ?? 0))) / (sds[name] ?? 1);
  }, bias);
}

/** The same score of what its scores are made of. @param parts by the name of the score, of every score that it is made of */
export function expanded(whole: Combination, parts: Readonly<Record<string, Combination>>): Combination {
  const made: Combination = { weights: {}, bias: whole.bias, means: {}, sds: {} };
  for (const [name, weight] of Object.entries(whole.weights)) {
    const part = parts[name];
    if (!part) throw new RangeError(`There is nothing that the score ${name} is made of.`);
    const slope = weight / (whole.sds[name] ?? 1);
    made.bias += slope * (part.bias - (whole.means[name] ?? 0));
    for (const [score, own] of Object.entries(part.weights)) {
      const [centre, sd] = [part.means[score] ?? 0, part.sds[score] ?? 1];
      // The first part says how a score is standardised.
      const [madeCentre, madeSd] = [made.means[score] ?? centre, made.sds[score] ?? sd];
      made.means[score] = madeCentre;
      made.sds[score] = madeSd;
      made.weights[score] = (made.weights[score] ?? 0) + (slope * own * madeSd) / sd;
      made.bias += (slope * own * (madeCentre - centre)) / sd;
    }
  }
  return made;
}

/** What is minimised, with an entry for each image. */
interface Regression {
  /** Its standardised scores, and at the end a 1, which multiplies the bias. */
  rows: readonly number[][];
  /** 1 for an abnormal image, 0 for a normal one. */
  targets: readonly number[];
  /** How much the image counts. */
  importance: readonly number[];
  penalty: number;
}

/** Newton's method; a step that would make the value larger is halved until it does not. */
function minimise(regression: Regression): number[] {
  const size = regression.rows[0]?.length ?? 1;
  let w = new Array<number>(size).fill(0);
  let value = objective(regression, w);
  for (let step = 0; step < MOST_STEPS; step++) {
    const direction = newtonDirection(regression, w);
    let length = 1;
    let next = w;
    let nextValue = value;
    do {
      next = w.map((weight, j) => weight - length * (direction[j] ?? 0));
      nextValue = objective(regression, next);
      length /= 2;
    } while (nextValue > value && length > 1e-10);
    if (!(nextValue < value)) break;
    w = next;
    value = nextValue;
  }
  return w;
}

function objective({ rows, targets, importance, penalty }: Regression, w: readonly number[]): number {
  const squares = w.slice(0, -1).reduce((sum, weight) => sum + weight * weight, 0);
  return rows.reduce(
    (sum, row, i) => {
      const z = dot(row, w);
      // log(1 + e^z) − target · z, without overflow.
      const loss = Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - (targets[i] ?? 0) * z;
      return sum + (importance[i] ?? 0) * loss;
    },
    (penalty * squares) / 2,
  );
}

/** The inverse Hessian times the gradient. */
function newtonDirection({ rows, targets, importance, penalty }: Regression, w: readonly number[]): number[] {
  const penalised = (j: number) => (j < w.length - 1 ? penalty : 0);
  const gradient = w.map((weight, j) => penalised(j) * weight);
  const hessian = w.map((_, j) => w.map<number>((_, k) => (j === k ? penalised(j) : 0)));
  for (const [i, row] of rows.entries()) {
    const weight = importance[i] ?? 0;
    const probability = 1 / (1 + Math.exp(-dot(row, w)));
    const slope = weight * (probability - (targets[i] ?? 0));
    const curvature = weight * probability * (1 - probability);
    for (const [j, a] of row.entries()) {
      gradient[j] = (gradient[j] ?? 0) + slope * a;
      const line = hessian[j] ?? [];
      for (const [k, b] of row.entries()) line[k] = (line[k] ?? 0) + curvature * a * b;
    }
  }
  return solve(hessian, gradient);
}

/** Solves matrix · x = right by elimination. The matrix must be positive definite, and is overwritten. */
function solve(matrix: number[][], right: readonly number[]): number[] {
  const x = [...right];
  const at = (i: number, j: number) => matrix[i]?.[j] ?? 0;
  for (let pivot = 0; pivot < x.length; pivot++) {
    for (let i = pivot + 1; i < x.length; i++) {
      const factor = at(i, pivot) / at(pivot, pivot);
      matrix[i] = (matrix[i] ?? []).map((value, j) => value - factor * at(pivot, j));
      x[i] = (x[i] ?? 0) - factor * (x[pivot] ?? 0);
    }
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let j = i + 1; j < x.length; j++) x[i] = (x[i] ?? 0) - at(i, j) * (x[j] ?? 0);
    x[i] = (x[i] ?? 0) / at(i, i);
  }
  return x;
}

function requireFinite(score: number | undefined, name: string, of: string): number {
  if (score !== undefined && Number.isFinite(score)) return score;
  throw new CyclopsError(
    `Score ${name} of ${of} is ${score ?? 'missing'}; a combination needs finite numbers of every score it is made of.`,
  );
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** The standard deviation of values around their mean; 1 where they are all the same. */
export function deviation(values: readonly number[], centre: number): number {
  // Rounding can make the mean of equal values differ from them, and their deviation from 0.
  if (values.every((value) => value === values[0])) return 1;
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}
