import { reflectionPadBackward } from '../kernels/images/reflection-pad.ts';
import type { Fold } from '../kernels/instance-norm/backward.ts';
import type { Unsettled } from '../tensor/record.ts';
import { imageExtents } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The gradient of an image that a convolution padded by reflection, as the gradient of the padded image: each mirrored pixel is still to be
 * added to the one that it is a mirror of. A norm behind reads it and does that on the way.
 */
export class Unfolded implements Unsettled<Tensor> {
  /**
   * @param padded [N, H + 2 pad, W + 2 pad, C] @param addend what came for the image before, [N, H, W, C]; null for nothing
   * @param folded [N, H, W, C], to be written
   */
  constructor(
    private readonly padded: Tensor,
    private readonly addend: Tensor | null,
    readonly folded: Tensor,
    private readonly pad: number,
  ) {}

  /** What an operation needs to fold it, into `folded`. */
  get fold(): Fold {
    const { padded, addend, pad } = this;
    const { h, w } = imageExtents('A gradient', this.folded);
    return { padded: padded.slice, addend: addend?.slice ?? null, h, w, pad };
  }

  /** Folds it by a launch of its own. */
  settle(): Tensor {
    const { padded, addend, folded, pad } = this;
    const { n, h, w, c } = imageExtents('A gradient', folded);
    const slices = { gradOutput: padded.slice, gradX: folded.slice, bias: null, addend: addend?.slice ?? null };
    reflectionPadBackward(folded.device, { n, h, w, c, pad: [pad, pad, pad, pad], dtype: folded.floatDType }, slices);
    return this.done();
  }

  /** Lets go of the padded gradient, once it has been folded. */
  done(): Tensor {
    this.padded.dispose();
    return this.folded;
  }
}
