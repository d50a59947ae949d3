import { add } from '../../autograd/add.ts';
import { scale } from '../../autograd/scale.ts';
import type { AnomalyMap } from './map.ts';

/** How little each patch looks like a normal image. */
export const dn: AnomalyMap = {
  name: 'dn',
  label: 'normal discriminator',
  formula: '−D_n(x), patch by patch',
  usesReconstruction: false,
  zero: null,
  make: ({ logits }) => {
    const { values, field } = logits('dn');
    return { values: scale(values, -1), field };
  },
};

/** How much each patch looks like an abnormal image. */
export const da: AnomalyMap = {
  name: 'da',
  label: 'abnormal discriminator',
  formula: 'D_a(x), patch by patch',
  usesReconstruction: false,
  zero: null,
  make: ({ logits }) => logits('da'),
};

export const daDn: AnomalyMap = {
  name: 'da_dn',
  label: 'discriminator difference',
  formula: 'D_a(x) − D_n(x), patch by patch',
  usesReconstruction: false,
  zero: null,
  make: ({ logits, plane }) => ({ values: add(logits('da').values, plane(dn).values), field: logits('da').field }),
};
