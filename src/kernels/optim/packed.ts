import type { BufferSlice } from '../../gpu/launch.ts';

/** A packed group of parameters, as optimisers see it. */
export interface PackedBuffers {
  readonly gradients: BufferSlice;
  /** One bit an element, lowest first: 1 = a parameter, 0 = padding, which keeps its value. */
  readonly live: BufferSlice;
  readonly parameters: BufferSlice;
  /** Packed elements, a multiple of 4. */
  readonly count: number;
}

/** What a step along gradients of a scaled loss needs besides. */
export interface ScaledBuffers {
  /** Of the loss scaler. */
  readonly state: BufferSlice;
  /** The optimiser's first word in the state. */
  readonly outcome: number;
  /** Receives the parameters as f16. */
  readonly halves: BufferSlice;
}
