/** The twins of the networks of `src/cyclegan`: the same layers by the same names, as nodes. */
import type { Architecture } from '../../cyclegan/network-set.ts';
import { convField, discriminatorFilters, type Field, PIXELS } from '../../cyclegan/networks.ts';
import {
  activation,
  type ConvOptions,
  conv,
  convTranspose,
  instanceNorm,
  type LayerNodes,
  type Volume,
} from './layers.ts';

/** Values, and where they lie in the image; as a `Plane` of maps. */
export interface Plane {
  readonly volume: Volume;
  readonly field: Pick<Field, 'stride' | 'offset'>;
}

/** What a generator's hidden layers make of an image, and what it makes of them in the end. */
export interface Generated {
  readonly hidden: readonly Plane[];
  image(): Volume;
}

/** The twin of `resnetGenerator`. @param name of the network in the model file, such as `G_A` */
export function generator(
  nodes: LayerNodes,
  name: string,
  { channels, ngf, blocks }: Pick<Architecture, 'channels' | 'ngf' | 'blocks'>,
  x: Volume,
): Generated {
  const { graph } = nodes;
  const layer = <T>(path: string, make: (name: string) => T) => graph.within(path, () => make(`${name}.model.${path}`));
  const normed = (volume: Volume) => activation(nodes, 'relu', instanceNorm(nodes, volume));
  const outer = { kernelSize: 7, padding: 3, reflect: true } as const;
  const stem = { ...outer, outChannels: ngf, deadBias: true };
  const down = { kernelSize: 3, stride: 2, padding: 1, deadBias: true };
  const hidden = graph.within(name, () => {
    let volume = layer('1', (path) => normed(conv(nodes, path, x, stem)));
    let field = convField(PIXELS, { ...outer, stride: 1 });
    const planes = [{ volume, field }];
    for (const [i, path] of ['4', '7'].entries()) {
      volume = layer(path, (of) => normed(conv(nodes, of, volume, { ...down, outChannels: 2 ** (i + 1) * ngf })));
      field = convField(field, down);
      planes.push({ volume, field });
    }
    return { planes, deepest: volume };
  });
  const image = () =>
    graph.within(name, () => {
      let made = hidden.deepest;
      for (let block = 0; block < blocks; block++) made = layer(`${10 + block}`, (path) => residual(nodes, path, made));
      const next = 10 + blocks;
      for (const [i, path] of [`${next}`, `${next + 3}`].entries()) {
        const up = { kernelSize: 3, outputPadding: [1, 1], outChannels: (2 - i) * ngf, deadBias: true } as const;
        made = layer(path, (of) => normed(convTranspose(nodes, of, made, up)));
      }
      return layer(`${next + 7}`, (path) =>
        activation(nodes, 'tanh', conv(nodes, path, made, { ...outer, outChannels: channels })),
      );
    });
  return { hidden: hidden.planes, image };
}

/** The twin of `ResnetBlock`. */
function residual(nodes: LayerNodes, name: string, x: Volume): Volume {
  const same = { outChannels: x.channels, kernelSize: 3, padding: 1, reflect: true, deadBias: true } as const;
  const inner = activation(nodes, 'relu', instanceNorm(nodes, conv(nodes, `${name}.conv_block.1`, x, same)));
  const outer = instanceNorm(nodes, conv(nodes, `${name}.conv_block.5`, inner, same));
  return { ...x, value: nodes.graph.node('Add', [outer.value, x.value]) };
}

/** What a discriminator makes of an image. */
export interface Judged {
  readonly hidden: readonly Plane[];
  /** A logit for each patch. */
  logits(): Plane;
  /** A logit for each pixel; null where it judges patches alone. */
  readonly pixels: (() => Volume) | null;
}

/** What judges pixels too. */
export interface Segmented extends Judged {
  readonly pixels: () => Volume;
}

type DiscriminatorSizes = Pick<Architecture, 'ndf' | 'discriminatorLayers'>;

/** The twin of `patchDiscriminator`. */
export function patchDiscriminator(
  nodes: LayerNodes,
  name: string,
  { ndf, discriminatorLayers: halvings }: DiscriminatorSizes,
  x: Volume,
): Judged {
  const { graph } = nodes;
  const shape = { kernelSize: 4, padding: 1 };
  const layer = (index: number, of: Volume, options: Pick<ConvOptions, 'outChannels' | 'stride' | 'deadBias'>) =>
    graph.within(`${index}`, () => conv(nodes, `${name}.model.${index}`, of, { ...shape, ...options }));
  const { hidden, deepest, field } = graph.within(name, () => {
    let volume = activation(nodes, 'leaky_relu', layer(0, x, { stride: 2, outChannels: ndf }));
    let field = convField(PIXELS, { ...shape, stride: 2 });
    const hidden = [{ volume, field }];
    for (let level = 1; level <= halvings; level++) {
      const stride = level < halvings ? 2 : 1;
      const options = { stride, outChannels: discriminatorFilters(ndf, level), deadBias: true };
      volume = activation(nodes, 'leaky_relu', instanceNorm(nodes, layer(3 * level - 1, volume, options)));
      field = convField(field, { ...shape, stride });
      hidden.push({ volume, field });
    }
    return { hidden, deepest: volume, field };
  });
  const logits = () =>
    graph.within(name, () => ({
      volume: layer(3 * halvings + 2, deepest, { outChannels: 1 }),
      field: convField(field, { ...shape, stride: 1 }),
    }));
  return { hidden, logits, pixels: null };
}

/** The twin of `unetDiscriminator`. */
export function unetDiscriminator(
  nodes: LayerNodes,
  name: string,
  { ndf, discriminatorLayers: layers }: DiscriminatorSizes,
  x: Volume,
): Segmented {
  const { graph } = nodes;
  const halving = { kernelSize: 4, stride: 2, padding: 1 };
  const inner = { kernelSize: 3, padding: 1 };
  const filters = (level: number) => discriminatorFilters(ndf, level);
  const part = <T>(path: string, make: (name: string) => T) => graph.within(path, () => make(`${name}.${path}`));
  const normed = (path: string, of: Volume, outChannels: number, stride = 1) =>
    part(path, (layer) => {
      const made = conv(nodes, layer, of, { ...inner, stride, outChannels, deadBias: true });
      return activation(nodes, 'leaky_relu', instanceNorm(nodes, made));
    });
  const after = (of: Field, stride: number) => convField(of, { ...inner, stride });
  const { hidden, deepest, field } = graph.within(name, () => {
    let volume = part('stem', (path) =>
      activation(nodes, 'leaky_relu', conv(nodes, path, x, { ...halving, outChannels: ndf })),
    );
    let field = convField(PIXELS, halving);
    const hidden = [{ volume, field }];
    for (let level = 1; level < layers; level++) {
      volume = normed(`encode${level}`, normed(`halve${level}`, volume, filters(level), 2), filters(level));
      field = after(after(field, 2), 1);
      hidden.push({ volume, field });
    }
    return { hidden, deepest: volume, field };
  });
  const logits = () =>
    graph.within(name, () => ({
      volume: part('patches', (path) => conv(nodes, path, deepest, { ...inner, outChannels: 1 })),
      field: after(field, 1),
    }));
  const pixels = () =>
    graph.within(name, () => {
      let made = deepest;
      for (let level = layers - 1; level >= 1; level--) {
        const finer = hidden[level - 1]?.volume ?? made;
        const joined = part(`double${level}`, (path) => doubled(nodes, path, made, finer));
        made = normed(`decode${level}`, joined, finer.channels);
      }
      const head = { kernelSize: 4, outputPadding: [0, 0], outChannels: 1 } as const;
      return part('pixels', (path) => convTranspose(nodes, path, made, head));
    });
  return { hidden, logits, pixels };
}

/** The twin of `Doubling`: to the size of a finer map, normalised, and that map added. */
function doubled(nodes: LayerNodes, name: string, x: Volume, finer: Volume): Volume {
  const outputPadding = [1 - (finer.height % 2), 1 - (finer.width % 2)] as const;
  const options = { kernelSize: 3, outputPadding, outChannels: finer.channels, deadBias: true };
  const made = instanceNorm(nodes, convTranspose(nodes, name, x, options));
  return { ...made, value: nodes.graph.node('Add', [made.value, finer.value]) };
}
