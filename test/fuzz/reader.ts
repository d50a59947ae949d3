/** Something of ours that reads what anyone may have written. */
export interface Reader {
  name: string;
  /** Of the cases of a run, relative to the other readers: those that take little time have many. */
  weight: number;
  /** Whole inputs that it reads, of which others are made. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Makes checksums fit again, so that what lies behind them is reached. */
  mend?(input: Uint8Array): Uint8Array;
  /** @throws CyclopsError for what it refuses; anything else is a fault, also a result that cannot be */
  read(input: Uint8Array): unknown;
}

/** The environment variable with the folder that {@link makeSeeds} filled. */
export const SEEDS = 'CYCLOPS_FUZZ_SEEDS';

export function requireFact(fact: boolean, what: string): void {
  if (!fact) throw new Error(`a result that cannot be: ${what}`);
}
