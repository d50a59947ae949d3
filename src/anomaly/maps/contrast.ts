import { localDeviation } from '../../kernels/images/maps.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { combineMaps, requireRoom } from './difference.ts';
import { type AnomalyMap, pixels } from './map.ts';
import { residual } from './residual.ts';

/** Side of the window whose contrast counts, in pixels: larger than the defects that are looked for, or they would hide themselves. */
export const CONTRAST_WINDOW = 17;
/** Keeps noise of flat places from counting: five gray levels of the 255 between −1 and 1. */
export const CONTRAST_FLOOR = 0.04;

/** The residual where the image is flat counts more than in a texture, which no generator redraws to the pixel. */
export const contrast: AnomalyMap = {
  name: 'contrast',
  label: 'residual over local contrast',
  formula: `residual5 / (s + ${CONTRAST_FLOOR}), s the standard deviation of x over ${CONTRAST_WINDOW} × ${CONTRAST_WINDOW} pixels`,
  networks: ['G_A'],
  zero: null,
  make: ({ x, plane }) => {
    const { n, h, w, c } = imageExtents('A contrast', x);
    requireRoom(CONTRAST_WINDOW, h, w);
    const deviation = Tensor.empty(x.device, [n, h, w, 1]);
    localDeviation(x.device, { n, h, w, c }, { x: x.slice, out: deviation.slice, radius: (CONTRAST_WINDOW - 1) / 2 });
    return pixels(combineMaps('quotient', plane(residual(5)).values, deviation, CONTRAST_FLOOR));
  },
};
