/** The term that a loss averages, and its derivatives by both operands. */
export interface Loss {
  term(a: number, b: number): number;
  byA(a: number, b: number): number;
  byB(a: number, b: number): number;
}

export const l1: Loss = {
  term: (a, b) => Math.abs(a - b),
  byA: (a, b) => Math.sign(a - b),
  byB: (a, b) => Math.sign(b - a),
};

export const mse: Loss = {
  term: (a, b) => (a - b) ** 2,
  byA: (a, b) => 2 * (a - b),
  byB: (a, b) => 2 * (b - a),
};

/** −t log σ(x) − (1 − t) log(1 − σ(x)), with −log σ(x) = log(1 + e^−x) and −log(1 − σ(x)) = log(1 + e^x). */
export const bce: Loss = {
  term: (x, t) => t * Math.log1p(Math.exp(-x)) + (1 - t) * Math.log1p(Math.exp(x)),
  byA: (x, t) => 1 / (1 + Math.exp(-x)) - t,
  byB: (x) => -x,
};

type Values = ArrayLike<number>;

const at = (b: Values | number, i: number) => (typeof b === 'number' ? b : b[i]!);

export function meanLoss(loss: Pick<Loss, 'term'>, a: Values, b: Values | number): number {
  return Array.from(a).reduce((sum, x, i) => sum + loss.term(x, at(b, i)), 0) / a.length;
}

export function meanLossGradients(loss: Loss, a: Values, b: Values | number, gradOutput: number) {
  const scale = gradOutput / a.length;
  return {
    a: Array.from(a, (x, i) => scale * loss.byA(x, at(b, i))),
    b: Array.from(a, (x, i) => scale * loss.byB(x, at(b, i))),
  };
}
