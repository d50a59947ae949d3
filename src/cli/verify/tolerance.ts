/** How far a result may be from the reference, and how that is measured. The golden data's README derives the figures. */

/** One comparison with the reference. */
export interface Check {
  /** The golden case, e.g. `ops/conv2d_k3s1p1`. */
  readonly name: string;
  /** What was compared, and how. */
  readonly what: string;
  readonly error: number;
  readonly tolerance: number;
}

/** A golden case that is not compared. */
export interface Omission {
  readonly name: string;
  readonly reason: string;
}

export type Finding = Check | Omission;

/** False also for an error that is not a number. */
export function passes(check: Check): boolean {
  return check.error <= check.tolerance;
}

export const TOLERANCE = {
  /** Outputs and gradients of an operation, of the largest value. */
  operation: 1e-5,
  /** The same for a normalisation of values whose mean is far larger than their deviation. */
  operationBigMean: 3e-5,
  /** Output of a network, of the largest value. */
  networkOutput: 2e-5,
  /** Gradients of a network: all together and of the worst tensor, relative L2. */
  networkGrads: 1e-4,
  networkGradWorst: 1e-3,
  /** Gradients and weight update of one training step, relative L2; its losses, relative. */
  stepGrads: 1e-3,
  stepUpdate: 1e-2,
  stepLosses: 1e-5,
  /** The same in mixed precision, where rounding turns signs of L1 and ReLU. */
  mixedGrads: 0.3,
  mixedUpdate: 0.3,
  mixedLosses: 2e-2,
  /** Final weights after a run at a low learning rate: distance over the length of the whole update. */
  finalGenerator: 0.15,
  finalDiscriminator: 0.03,
} as const;

/**
 * A training step's tolerances as multiples of those in f32. A product that is split may be off by 1e-5 in the norm instead of 1e-6, and
 * so by ten times is what follows from it.
 */
export const SLACK = { f32: 1, split: 10 } as const;
export type WholePrecision = keyof typeof SLACK;

/** Losses of each run, relative, the worst of eight. */
export const RUN_LOSSES: Readonly<Record<string, number>> = {
  pool0_lowlr: 3e-4,
  pool3_lowlr: 3e-4,
  pool50_lowlr: 5e-3,
  bce_batch2: 2e-3,
};

/**
 * Losses of the run at the full learning rate, step by step. From fresh weights that is chaotic: one rounding grows by
 * 3 to 10 times a step, in the reference as well. Equality is honest for three steps, after them only the trend.
 */
export const CHAOTIC_LOSSES = { first: [1e-5, 2e-2, 5e-2], later: 0.5 } as const;

type Values = ArrayLike<number>;

/** max |found − expected| / max |expected|; infinite when the lengths differ. */
export function errorOverMax(found: Values, expected: Values): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] ?? Number.NaN;
    const distance = Math.abs((found[i] ?? Number.NaN) - reference);
    if (Number.isNaN(distance)) return Number.NaN;
    difference = Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(reference));
  }
  return largest > 0 ? difference / largest : difference;
}

/** max over all i of |found − expected| / |expected|. */
export function worstRelativeError(found: Values, expected: Values): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(
    ...Array.from(expected, (reference, i) => Math.abs((found[i] ?? Number.NaN) - reference) / Math.abs(reference)),
  );
}

/** Sums squares over many tensors: ‖found − expected‖ and ‖expected − origin‖, their quotient the relative L2 error. */
export class RelativeL2 {
  private difference = 0;
  private reference = 0;

  /** @param origin what `expected` is measured from; default 0. */
  add(found: Values, expected: Values, origin?: Values): this {
    if (found.length !== expected.length) this.difference = Number.POSITIVE_INFINITY;
    for (let i = 0; i < expected.length; i++) {
      const reference = expected[i] ?? Number.NaN;
      this.difference += ((found[i] ?? Number.NaN) - reference) ** 2;
      this.reference += (reference - (origin?.[i] ?? 0)) ** 2;
    }
    return this;
  }

  get error(): number {
    return Math.sqrt(this.difference / this.reference);
  }
}
