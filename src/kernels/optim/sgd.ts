import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';
import type { PackedBuffers, ScaledBuffers } from './packed.ts';

export interface SgdConstants {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

interface SgdArguments extends PackedBuffers {
  /** Null without momentum. */
  readonly velocity: BufferSlice | null;
  /** Holds the learning rate's f32 bits. */
  readonly variable: Variable;
  /** Null without a loss scale. */
  readonly scaled: ScaledBuffers | null;
}

/** One step of SGD; with a loss scale along the gradients divided by it, unless one of them is not finite. */
export function sgd(device: Device, constants: SgdConstants, args: SgdArguments): void {
  const { velocity } = args;
  if (velocity) step(device, constants, { ...args, velocity }, true);
  // The kernel has the binding all the same, and what is written may be bound once only.
  else withTemporary(device, 16, (velocity) => step(device, constants, { ...args, velocity }, false));
}

function step(
  device: Device,
  { momentum, nesterov, weightDecay }: SgdConstants,
  args: SgdArguments & { readonly velocity: BufferSlice },
  moves: boolean,
): void {
  const { gradients, live, parameters, velocity, variable, scaled, count } = args;
  const overrides = { MOMENTUM: moves ? 1 : 0, NESTEROV: nesterov ? 1 : 0 };
  const bindings = [gradients, live, parameters, velocity, device.variables.slice];
  const constants = [momentum, weightDecay].map(f32);
  device.launch({
    kernel: kernel(scaled ? 'optim/sgd-mixed' : 'optim/sgd', overrides),
    bindings: scaled ? [...bindings, scaled.state, scaled.halves] : bindings,
    immediates: scaled
      ? immediates(count / 4, variable.start, scaled.outcome, ...constants)
      : immediates(count / 4, variable.start, ...constants),
    workgroups: flatGrid(device, count / 4),
    label: 'sgd',
    flops: 6 * count,
    bytes: (moves ? 20 : 12) * count,
  });
}
