import type { Size } from '../../data/images/level-memory.ts';
import { resizeAxis } from '../../data/images/resize-axis.ts';
import type { Resampling } from '../../kernels/images/image.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

const LARGEST_FLOAT = 3.4028234663852886e38;

type Bounds = readonly [number, number];
const NONE: Bounds = [-LARGEST_FLOAT, LARGEST_FLOAT];

/**
 * Images or maps [N, h, w, C] in another size, bicubic by the weights with which images are resized before networks see them: [N, H, W, C].
 *
 * @param bounds what values are brought to, since a bicubic one may lie beyond those around it; none unless told otherwise
 */
export function resized(x: Tensor, { width, height }: Size, bounds: Bounds = NONE): Tensor {
  const { n, h, w, c } = imageExtents('Resizing', x);
  return scope(() => {
    const across = { length: w, outLength: width, inner: c, outer: n * h };
    const along = { length: h, outLength: height, inner: width * c, outer: n };
    return alongAxis(alongAxis(x, across, [n, h, width, c], bounds), along, [n, height, width, c], bounds);
  });
}

function alongAxis(x: Tensor, axis: Resampling, shape: readonly number[], bounds: Bounds): Tensor {
  const out = Tensor.empty(x.device, shape);
  resizeAxis(x.device, axis, { source: x.slice, out: out.slice, outStart: 0, type: 'f32', bounds });
  return out;
}
