import type { Observer } from '../../anomaly/maps/map.ts';
import type { JudgedSizes } from '../../cyclegan/config.ts';
import type { Architecture } from '../../cyclegan/network-set.ts';
import type { GraphBuilder } from './graph.ts';
import { judgedPixels } from './judged-pixels.ts';
import type { LayerNodes, Volume } from './layers.ts';
import { type Generated, generator, type Plane, patchDiscriminator, unetDiscriminator } from './networks.ts';

/** The twin of the `Passes` of maps: each network over an image as nodes, which are there once, and only where something asks for them. */
export interface OnnxPasses {
  readonly graph: GraphBuilder;
  readonly x: Volume;
  /** x̂ = G_a2n(x). */
  reconstruction(): Volume;
  /** G_n2a(x). */
  abnormal(): Volume;
  /** G_n2a(x̂). */
  cycled(): Volume;
  hidden(observer: Observer): readonly Plane[];
  hiddenOfReconstruction(observer: Observer): readonly Plane[];
  logits(judge: 'dn' | 'da'): Plane;
  /** Null where D_n judges patches alone. */
  pixelLogits(): Volume | null;
  pixelLogitsOfReconstruction(): Volume | null;
}

export function onnxPasses(nodes: LayerNodes, architecture: Architecture, x: Volume, judged: JudgedSizes): OnnxPasses {
  const { graph } = nodes;
  const normalJudge = architecture.netD === 'unet' ? unetDiscriminator : patchDiscriminator;
  const judge = (images: Volume) => unetDiscriminator(nodes, 'D_A', architecture, images).pixels();
  /** Networks over one image, which is made when the first of them is. */
  const over = (label: string, image: () => Volume) => {
    const made = <T>(make: () => T) => once(() => graph.within(label, make));
    const [ga, gn] = (['G_A', 'G_B'] as const).map((name) =>
      made(() => generator(nodes, name, architecture, image())),
    ) as [() => Generated, () => Generated];
    const dn = made(() => normalJudge(nodes, 'D_A', architecture, image()));
    const da = made(() => patchDiscriminator(nodes, 'D_B', architecture, image()));
    return {
      ...{ ga, dn, da },
      normal: made(() => ga().image()),
      abnormal: made(() => gn().image()),
      logits: { dn: made(() => dn().logits()), da: made(() => da().logits()) },
      pixelLogits: made(() => {
        const whole = dn().pixels?.() ?? null;
        return whole && judgedPixels(graph, judge, whole, image(), judged);
      }),
    };
  };
  const ofX = over('of_image', () => x);
  const ofNormal = over('of_reconstruction', ofX.normal);
  return {
    ...{ graph, x, reconstruction: ofX.normal, abnormal: ofX.abnormal, cycled: ofNormal.abnormal },
    hidden: (observer) => ofX[observer]().hidden,
    hiddenOfReconstruction: (observer) => ofNormal[observer]().hidden,
    logits: (judge) => ofX.logits[judge](),
    pixelLogits: ofX.pixelLogits,
    pixelLogitsOfReconstruction: ofNormal.pixelLogits,
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
