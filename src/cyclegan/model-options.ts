import { architectureOf, type TrainingConfig } from './config.ts';
import type { CycleGANOptions } from './model.ts';

/** The model that a configuration asks for. */
export function modelOptions(config: TrainingConfig): CycleGANOptions {
  const {
    beta1,
    beta2,
    adam,
    lambdaA,
    lambdaB,
    lambdaIdentity,
    lambdaPaired,
    ganMode,
    poolSize,
    lr,
    lrD,
    defectsBySize,
    precision,
    ema,
    seed,
  } = config;
  return {
    ...architectureOf(config),
    ...{ lambdaA, lambdaB, lambdaIdentity, lambdaPaired, ganMode, poolSize, lr, defectsBySize, precision, ema, seed },
    // Of a rate of 0 there is one multiple, 0, and `parseConfig` lets no other through.
    discriminatorRate: lrD === null || lr === 0 ? 1 : lrD / lr,
    betas: [beta1, beta2],
    discriminatorOptimisers: adam === 'one' ? 'shared' : 'separate',
  };
}
