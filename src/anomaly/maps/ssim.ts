import { add } from '../../autograd/add.ts';
import { scale } from '../../autograd/scale.ts';
import { ssimByWindow } from '../../autograd/ssim.ts';
import { SSIM_WINDOW } from '../../kernels/images/ssim.ts';
import { filled } from '../../tensor/filled.ts';
import type { AnomalyMap } from './map.ts';

/** How unlike the structure of x and x̂ is, window by window, each channel on its own. Source: as of the loss `ssim`. */
export const ssim: AnomalyMap = {
  name: 'ssim',
  label: 'structural dissimilarity',
  formula: `1 − SSIM(x, x̂) of ${SSIM_WINDOW} × ${SSIM_WINDOW} windows`,
  networks: ['G_A'],
  zero: null,
  make: ({ x, reconstruction }) => {
    const similarity = ssimByWindow(x, reconstruction());
    return {
      values: add(filled(x.device, similarity.shape, 1), scale(similarity, -1)),
      field: { stride: 1, offset: (SSIM_WINDOW - 1) / 2 },
    };
  },
};
