import { add } from '../../autograd/add.ts';
import { scale } from '../../autograd/scale.ts';
import { type AnomalyMap, pixels } from './map.ts';

/** How little each patch looks like a normal image. */
export const dn: AnomalyMap = {
  name: 'dn',
  label: 'normal discriminator',
  formula: '−D_n(x), patch by patch',
  networks: ['D_A'],
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
  networks: ['D_B'],
  zero: null,
  make: ({ logits }) => logits('da'),
};

/** How little each pixel looks like a normal one, where D_n is a segmenter. */
export const dnPixels: AnomalyMap = {
  name: 'dn_pixels',
  label: 'normal discriminator, pixel by pixel',
  formula: '−D_n(x), pixel by pixel',
  networks: ['D_A'],
  zero: null,
  make: ({ pixelLogits }) => pixels(scale(pixelLogits(), -1)),
};

/**
 * How much less of a defect D_n sees in what the generator made of a pixel. What D_n takes for a defect wherever it sees it, in x and in x̂,
 * such as the ground of a place that training did not show, is none.
 */
export const dnPixelsChange: AnomalyMap = {
  name: 'dn_pixels_change',
  label: 'change of the normal discriminator, pixel by pixel',
  formula: 'D_n(x̂) − D_n(x), pixel by pixel',
  networks: ['G_A', 'D_A'],
  zero: 0,
  make: ({ pixelLogits, pixelLogitsOfReconstruction }) =>
    pixels(add(pixelLogitsOfReconstruction(), scale(pixelLogits(), -1))),
};

export const daDn: AnomalyMap = {
  name: 'da_dn',
  label: 'discriminator difference',
  formula: 'D_a(x) − D_n(x), patch by patch',
  networks: ['D_A', 'D_B'],
  zero: null,
  make: ({ logits, plane, placed }) => {
    const [abnormal, normal] = [logits('da'), plane(dn)];
    // Discriminators of two kinds have patches of two kinds: they meet pixel by pixel.
    return abnormal.field.stride === normal.field.stride && abnormal.field.offset === normal.field.offset
      ? { values: add(abnormal.values, normal.values), field: abnormal.field }
      : pixels(add(placed(da), placed(dn)));
  },
};
