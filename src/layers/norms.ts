import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Activation } from '../kernels/activation.ts';
import { BatchNorm2d } from './batch-norm2d.ts';
import type { Initialiser } from './init.ts';
import { InstanceNorm2d } from './instance-norm2d.ts';

/** Which norm follows the convolutions of a network. */
export type NormName = 'instance' | 'batch';

/** The norms of a network, and what they ask of the convolutions in front of them. */
export interface Norms {
  /** Options of these: a bias in front of an instance norm is in the state dict alone, and in front of a batch norm there is none. */
  readonly convolution: { readonly deadBias: true } | { readonly bias: false };
  /** A norm of so many channels with an activation; of `none` unless told otherwise. */
  make(channels: number, activation?: Activation): InstanceNorm2d | BatchNorm2d;
}

/**
 * Instance norms without affine, or batch norms with it, as the reference's `get_norm_layer` gives them.
 *
 * @throws CyclopsError for another name
 */
export function normsOf(name: NormName, device: Device, init: Initialiser): Norms {
  if (name === 'instance') {
    return { convolution: { deadBias: true }, make: (_, activation = 'none') => new InstanceNorm2d({ activation }) };
  }
  if (name === 'batch') {
    return {
      convolution: { bias: false },
      make: (channels, activation = 'none') => new BatchNorm2d({ device, channels, activation }, init),
    };
  }
  throw new CyclopsError(`The norm of a network must be instance or batch; got ${name}.`);
}
