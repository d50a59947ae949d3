/** What stands for taps as channels in a bundle for pages: no variants, since only measuring chooses them. */
export const tapsTiles: readonly never[] = [];
export const tapsMatrices: readonly never[] = [];

export const tapsForward = (): readonly never[] => [];
export const tapsInputGrad = tapsForward;
export const tapsWeightGrad = tapsForward;
