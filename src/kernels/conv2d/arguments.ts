/** What the three operations of a convolution take besides its problem. */
import type { BufferSlice } from '../../gpu/launch.ts';
import type { Activation } from '../activation.ts';

/** x [N,H,W,C], weight [KH,KW,C,O], bias [O], y [N,P,Q,O]. */
export interface ForwardArguments {
  x: BufferSlice;
  weight: BufferSlice;
  bias: BufferSlice | null;
  y: BufferSlice;
  activation: Activation;
}

/** dy [N,P,Q,O], weight [KH,KW,C,O], bias [C], dx [N,H,W,C]. */
export interface InputGradArguments {
  dy: BufferSlice;
  weight: BufferSlice;
  /** Added to each channel of dx: a transposed convolution's bias. */
  bias: BufferSlice | null;
  /** Added to dx, of whose shape it is; given only where a variant folds in a launch of its own. */
  addend?: BufferSlice;
  /** Receives the gradient of the padded image in place of dx, which is then to be folded; given only where a variant can leave it so. */
  unfolded?: BufferSlice;
  dx: BufferSlice;
}

/** Images and what came for the outputs that a convolution made of them: x [N,H,W,C], dy [N,P,Q,O]. */
export interface ImagesAndGradient {
  x: BufferSlice;
  dy: BufferSlice;
}

/** dw [KH,KW,C,O]. */
export interface WeightGradArguments extends ImagesAndGradient {
  dw: BufferSlice;
  /** Add to what `dw` holds. */
  accumulate: boolean;
}

/** The same of two batches of images, of which the earlier may hold another number. */
export interface WeightGradPairArguments extends WeightGradArguments {
  earlier: ImagesAndGradient;
}
