import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, f32, immediates } from '../../gpu/launch.ts';
import type { Variable } from '../../gpu/variables.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import type { PackedBuffers, ScaledBuffers } from './packed.ts';

export interface AdamConstants {
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Of the weights themselves, times the learning rate, as in AdamW; 0 for Adam. */
  readonly weightDecay: number;
}

/** What changes from step to step: the variables' words for `step`, counted from 1, at the learning rate `lr`. */
export function adamVariables({ betas, weightDecay }: AdamConstants, lr: number, step: number): number[] {
  const [beta1, beta2] = betas;
  return [lr / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step), 1 - lr * weightDecay].map(f32);
}

interface AdamArguments extends PackedBuffers {
  readonly expAvg: BufferSlice;
  readonly expAvgSq: BufferSlice;
  /** Holds {@link adamVariables}; with a loss scale the learning rate alone. */
  readonly variable: Variable;
  /** Null without a loss scale. */
  readonly scaled: ScaledBuffers | null;
}

/** One Adam step; with a loss scale along the gradients divided by it, unless one of them is not finite. */
export function adam(device: Device, { betas, eps, weightDecay }: AdamConstants, args: AdamArguments): void {
  const { gradients, live, parameters, expAvg, expAvgSq, variable, scaled, count } = args;
  const [beta1, beta2] = betas;
  const bindings = [gradients, live, parameters, expAvg, expAvgSq, device.variables.slice];
  const constants = [beta1, beta2, 1 - beta1, 1 - beta2, eps].map(f32);
  const decay = { DECAY: weightDecay === 0 ? 0 : 1 };
  const common = { workgroups: flatGrid(device, count / 4), label: 'adam' };
  if (scaled) {
    device.launch({
      ...common,
      kernel: kernel('optim/adam-mixed', decay),
      bindings: [...bindings, scaled.state, scaled.halves],
      immediates: immediates(count / 4, variable.start, scaled.outcome, ...constants, f32(weightDecay)),
      flops: 16 * count,
      bytes: 30 * count,
    });
    return;
  }
  device.launch({
    ...common,
    kernel: kernel('optim/adam', decay),
    bindings,
    immediates: immediates(count / 4, variable.start, ...constants),
    flops: 15 * count,
    bytes: 28 * count,
  });
}
