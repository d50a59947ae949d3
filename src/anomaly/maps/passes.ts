import type { JudgedSizes } from '../../cyclegan/config.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import { isSegmenting } from '../../cyclegan/unet-discriminator.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { judgedPixels } from './judged-pixels.ts';
import type { AnomalyMap, Observer, Passes, Plane } from './map.ts';
import { place } from './place.ts';
import { cropTiles, layOut } from './tiles.ts';

interface PassesOptions {
  /** The largest side of what the networks see at once; null where they see whole images. */
  tile: number | null;
  judged: JudgedSizes;
  /** Taken for x̂ instead of what G_a2n makes of x. */
  given?: Tensor | undefined;
}

/**
 * The passes of networks over images. Whatever is asked of them, no network sees the same image twice, though a segmenter may see crops and a smaller
 * copy of it besides; G_a2n alone goes through its first layers anew where they are looked at.
 *
 * @param x [N, H, W, C] in [−1, 1], its sides multiples of 4; one image where there are tiles
 */
export function passesOf(networks: Networks, x: Tensor, { tile, judged, given }: PassesOptions): Passes {
  const { G_A, G_B, D_A, D_B } = networks;
  const judges = { dn: D_A, da: D_B };
  const observers = { ...judges, ga: G_A };
  const look = (observer: Observer, image: Tensor): Plane[] => {
    const { hiddenFields } = observers[observer];
    return observers[observer].hidden(image).map((values, i) => {
      const field = hiddenFields[i];
      if (!field) throw new Error(`A network has no field for its hidden layer ${i + 1}.`);
      return { values, field };
    });
  };
  const reconstruction = once(() => given ?? G_A.forward(x));
  const hidden = remembered((observer: Observer) => look(observer, x));
  const hiddenOfReconstruction = remembered((observer: Observer) => look(observer, reconstruction()));
  const logitsOf = (image: Tensor, seen: readonly Plane[]): Tensor => {
    if (isSegmenting(D_A)) {
      const whole = D_A.pixels(seen.map(({ values }) => values));
      const images = tile === null ? image : cropTiles(image, layOut(image, tile).places);
      return judgedPixels(D_A, whole, images, judged);
    }
    throw new CyclopsError(
      'There is no map dn_pixels: D_n judges patches alone. Train with --netD unet, or choose another map.',
    );
  };
  const planes = new Map<string, Plane>();
  const plane = (map: AnomalyMap): Plane => {
    const made = planes.get(map.name) ?? map.make(passes);
    planes.set(map.name, made);
    return made;
  };
  const placedMaps = new Map<string, Tensor>();
  const passes: Passes = {
    ...{ networks, tile, x, reconstruction, hidden, hiddenOfReconstruction, plane },
    abnormal: once(() => G_B.forward(x)),
    cycled: once(() => G_B.forward(reconstruction())),
    logits: remembered((judge: 'dn' | 'da') => ({
      values: judges[judge].judge(hidden(judge).map(({ values }) => values)),
      field: judges[judge].field,
    })),
    pixelLogits: once(() => logitsOf(x, hidden('dn'))),
    pixelLogitsOfReconstruction: once(() => logitsOf(reconstruction(), hiddenOfReconstruction('dn'))),
    placed: (map) => {
      const made = placedMaps.get(map.name) ?? place(plane(map), x, tile);
      placedMaps.set(map.name, made);
      return made;
    },
  };
  return passes;
}

function once<T>(make: () => T): () => T {
  const made = remembered((_: null) => make());
  return () => made(null);
}

/** A function that makes the same for the same key only once. */
function remembered<K, T>(make: (key: K) => T): (key: K) => T {
  const made = new Map<K, T>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}
