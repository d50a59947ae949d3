import { AbsentNetwork } from '../../cyclegan/absent-network.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import type { Discriminator, FeatureNetwork, Field, Generator } from '../../cyclegan/networks.ts';
import { isSegmenting, type SegmentingDiscriminator } from '../../cyclegan/unet-discriminator.ts';
import { Module } from '../../layers/module.ts';
import { scope } from '../../tensor/scope.ts';
import { imageExtents } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { blendTiles, cropTiles, layOut } from '../maps/tiles.ts';

/**
 * Networks that see an image tile by tile: a generator's tiles are blended, logits and features come as a
 * batch of those of the tiles. An image that one tile covers goes through the networks as it is.
 *
 * Not differentiable, and for one image at a time.
 *
 * @param tile the largest side of a tile: a multiple of 4 that no discriminator finds too small
 */
export function tiledNetworks({ G_A, G_B, D_A, D_B }: Networks, tile: number): Networks {
  const tiled = <N extends Module>(network: N, make: (network: N) => N) =>
    network instanceof AbsentNetwork ? network : make(network);
  const generator = (network: Generator) => new TiledGenerator(network, tile);
  const discriminator = (network: Discriminator) =>
    isSegmenting(network) ? new TiledSegmenter(network, tile) : new TiledDiscriminator(network, tile);
  return {
    ...{ G_A: tiled(G_A, generator), G_B: tiled(G_B, generator) },
    ...{ D_A: tiled(D_A, discriminator), D_B: tiled(D_B, discriminator) },
  };
}

abstract class TiledNetwork<N extends FeatureNetwork> extends Module implements FeatureNetwork {
  readonly hiddenFields: readonly Field[];

  constructor(
    protected readonly network: N,
    protected readonly tile: number,
  ) {
    super();
    this.hiddenFields = network.hiddenFields;
  }

  hidden(x: Tensor): Tensor[] {
    const { places } = layOut(x, this.tile);
    return places.length === 1 ? this.network.hidden(x) : scope(() => this.network.hidden(cropTiles(x, places)));
  }
}

class TiledGenerator extends TiledNetwork<Generator> implements Generator {
  forward(x: Tensor): Tensor {
    const [{ c }, layout] = [imageExtents('Tiling', x), layOut(x, this.tile)];
    if (layout.places.length === 1) return this.network.forward(x);
    return blendTiles(x, layout, c, (place) => this.network.forward(cropTiles(x, [place])));
  }
}

class TiledDiscriminator<D extends Discriminator> extends TiledNetwork<D> implements Discriminator {
  readonly field: Field;

  constructor(discriminator: D, tile: number) {
    super(discriminator, tile);
    this.field = discriminator.field;
  }

  forward(x: Tensor): Tensor {
    return this.judge(this.hidden(x));
  }

  judge(hidden: readonly Tensor[]): Tensor {
    return this.network.judge(hidden);
  }
}

class TiledSegmenter extends TiledDiscriminator<SegmentingDiscriminator> implements SegmentingDiscriminator {
  pixels(hidden: readonly Tensor[]): Tensor {
    return this.network.pixels(hidden);
  }
}
