/** What measurements leave for later processes. Where it is kept is the host's affair. */
import { sourceTexts } from '../source.ts';
import type { OperationInfo } from '../variant.ts';

/** The outcome of one measurement. */
export interface CachedChoice {
  readonly variant: string;
  /** Milliseconds of each variant that computes the right thing. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** A hash of the operation that was measured: of its variants and the texts of their kernels. */
  readonly kernels: string;
}

/** Choices on one device, by problem. Trouble with storage is no error: what cannot be loaded is measured anew. */
export interface ChoiceCache {
  load(): ReadonlyMap<string, CachedChoice>;
  /** Adds to what is kept, and replaces what is there for the same problems. */
  save(choices: ReadonlyMap<string, CachedChoice>): void;
}

/** Changes when an operation gets or loses a variant, or the text of a kernel changes: FNV-1a, 32 bits, in hexadecimal. */
export function kernelsHash({ variants }: OperationInfo): string {
  let hash = 0x811c9dc5;
  for (const text of variants.flatMap(({ name, sources }) => [name, ...sources.flatMap(sourceTexts)])) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
