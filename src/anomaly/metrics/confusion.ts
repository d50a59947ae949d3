/** Counts at one threshold; positive = abnormal. */
export interface Confusion {
  truePositives: number;
  falseNegatives: number;
  falsePositives: number;
  trueNegatives: number;
}

/** What counts come to; NaN where a class is empty. */
interface Rates {
  /** Share of all images that are flagged or passed rightly. */
  accuracy: number;
  /** Share of abnormal images flagged. */
  recall: number;
  /** Share of normal images passed. */
  specificity: number;
}

export function ratesOf({ truePositives, falseNegatives, falsePositives, trueNegatives }: Confusion): Rates {
  const positives = truePositives + falseNegatives;
  const negatives = trueNegatives + falsePositives;
  return {
    accuracy: (truePositives + trueNegatives) / (positives + negatives),
    recall: truePositives / positives,
    specificity: trueNegatives / negatives,
  };
}
