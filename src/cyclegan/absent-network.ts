import { CyclopsError } from '../gpu/errors.ts';
import { Module } from '../layers/module.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { NETWORK_WORDS, type NetworkName } from './network-names.ts';
import { type Discriminator, type Field, type Generator, PIXELS } from './networks.ts';

/** What was asked of a model needs a network that it does not have. It is no fault of any image. */
export class AbsentNetworkError extends CyclopsError {
  override name = 'AbsentNetworkError';
}

/** Stands where a model has no network: an imported one, or a fold that trains its segmenter alone. It has no parameters and no layers, and refuses whatever is asked of it. */
export class AbsentNetwork extends Module implements Generator, Discriminator {
  readonly hiddenFields: readonly Field[] = [];
  readonly field = PIXELS;

  constructor(private readonly network: NetworkName) {
    super();
  }

  forward(): Tensor {
    throw this.refusal();
  }

  hidden(): Tensor[] {
    throw this.refusal();
  }

  judge(): Tensor {
    throw this.refusal();
  }

  refusal(): AbsentNetworkError {
    return new AbsentNetworkError(
      `This model has no ${NETWORK_WORDS[this.network]}: it was imported without one, or trained without one as a fold, and what was asked for ` +
        'needs it. Import it with the others, train one with `cyclops train --from`, or ask for scores and maps without it.',
    );
  }
}
