import type { NetworkName } from '../../cyclegan/network-names.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import type { Field } from '../../cyclegan/networks.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A map: how abnormal each place of an image looks. Higher means more abnormal. */
export interface AnomalyMap {
  /** In options and files, and in the names of scores that pool it, such as `residual5`. */
  readonly name: string;
  /** For people, such as `residual over 5 × 5 pixels`. */
  readonly label: string;
  /** With x the image, x̂ = G_a2n(x) and d = x − x̂. */
  readonly formula: string;
  /** The networks that it is made with, by their names in files: G_a2n is G_A, G_n2a G_B, D_n D_A and D_a D_B. With G_A it depends on x̂. */
  readonly networks: readonly NetworkName[];
  /** What it is where nothing differs, for the scale of its colours; null where that depends on the networks. */
  readonly zero: number | null;
  make(passes: Passes): Plane;
}

/** The values of a map for images. */
export interface Plane {
  /** At the map's own resolution: [N, P, Q, C], or [tiles, P, Q, C] of an image that networks saw tile by tile. */
  readonly values: Tensor;
  /** Where they lie in the image, or in its tiles. */
  readonly field: Pick<Field, 'stride' | 'offset'>;
}

/** Networks that look at an image with their hidden layers: D_n, D_a and G_a2n. */
export type Observer = 'dn' | 'da' | 'ga';

/** What maps of images are made of. Each part is made when it is first asked for, and once. */
export interface Passes {
  readonly networks: Networks;
  /** The largest side of what they see at once; null where they see whole images. */
  readonly tile: number | null;
  /** [N, H, W, C] in [−1, 1]; N is 1 where there are tiles. */
  readonly x: Tensor;
  /** x̂ = G_a2n(x). */
  reconstruction(): Tensor;
  /** G_n2a(x). */
  abnormal(): Tensor;
  /** G_n2a(x̂). */
  cycled(): Tensor;
  /** The hidden layers of x, first to last. */
  hidden(observer: Observer): readonly Plane[];
  /** Those of x̂. */
  hiddenOfReconstruction(observer: Observer): readonly Plane[];
  /** D_n(x) or D_a(x), one value a patch. */
  logits(judge: 'dn' | 'da'): Plane;
  /** D_n(x), a logit for each pixel: [N, H, W, 1], or [tiles, …]. @throws CyclopsError where D_n judges patches alone */
  pixelLogits(): Tensor;
  /** D_n(x̂), likewise. */
  pixelLogitsOfReconstruction(): Tensor;
  /** What a map makes of x. */
  plane(map: AnomalyMap): Plane;
  /** The same, where it lies in the image: [N, H, W, 1]. */
  placed(map: AnomalyMap): Tensor;
}

/** The values of a map that has one for each pixel. */
export function pixels(values: Tensor): Plane {
  return { values, field: { stride: 1, offset: 0 } };
}
