/** What stands for paired-weight-grad.ts in a bundle for pages: each weight gradient is computed alone. */
export { weightGrad as pairedWeightGrad } from './weight-grad.ts';
