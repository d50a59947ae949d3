import { add } from '../../autograd/add.ts';
import { scale } from '../../autograd/scale.ts';
import { differenceMap } from './difference.ts';
import { type AnomalyMap, pixels } from './map.ts';
import { residual } from './residual.ts';

/** Whether a place changes more on the way to normal than on the way to abnormal. */
export const residualDifference: AnomalyMap = {
  name: 'residual_difference',
  label: 'residual difference',
  formula: '|x − x̂| − |x − G_n2a(x)|, averaged over channels',
  networks: ['G_A', 'G_B'],
  zero: null,
  make: ({ x, abnormal, plane }) =>
    pixels(add(plane(residual(1)).values, scale(differenceMap('absolute', x, abnormal()), -1))),
};
